using NearCache.Transport.Scheduling;

namespace NearCache.Transport.Tests;

public sealed class ThreadWatchdogTests
{
    private static readonly TimeSpan Enough = TimeSpan.FromSeconds(60);

    /// <remarks>A check may wait for a lock of a connection, under which another thread queues work and so wakes the watchdog.</remarks>
    [Fact]
    public void A_thread_that_holds_a_lock_for_which_a_check_waits_wakes_it_without_waiting()
    {
        using var target = new WaitingTarget();
        ThreadWatchdog.Add(target);
        try
        {
            ThreadWatchdog.Wake();
            Assert.True(target.IsWaiting.Wait(Enough));

            var waking = new Thread(ThreadWatchdog.Wake) { IsBackground = true };
            waking.Start();
            var hasEnded = waking.Join(Enough);
            target.Release.Set();

            Assert.True(hasEnded, "Wake waits for a check.");
        }
        finally
        {
            target.Release.Set();
            ThreadWatchdog.Remove(target);
        }
    }

    [Fact]
    public void It_checks_again_after_it_has_slept()
    {
        using var target = new CountingTarget();
        ThreadWatchdog.Add(target);
        try
        {
            for (var i = 0; i < 3; i++)
            {
                target.HasChecked.Reset();
                ThreadWatchdog.Wake();
                Assert.True(target.HasChecked.Wait(Enough));

                // Other tests may keep it awake: then there is nothing to wait for.
                SpinWait.SpinUntil(() => !ThreadWatchdog.IsAwake, TimeSpan.FromSeconds(1));
            }
        }
        finally
        {
            ThreadWatchdog.Remove(target);
        }
    }

    /// <remarks>The first use of the <see cref="WorkScheduler"/> in a process adds a target.</remarks>
    [Fact]
    public void A_check_may_add_a_target()
    {
        using var added = new CountingTarget();
        var adding = new AddingTarget(added);
        ThreadWatchdog.Add(adding);
        try
        {
            ThreadWatchdog.Wake();
            Assert.True(added.HasChecked.Wait(Enough));
        }
        finally
        {
            ThreadWatchdog.Remove(adding);
            ThreadWatchdog.Remove(added);
        }
    }

    private sealed class WaitingTarget : IWatchdogTarget, IDisposable
    {
        public ManualResetEventSlim IsWaiting { get; } = new();

        public ManualResetEventSlim Release { get; } = new();

        bool IWatchdogTarget.HasWork => false;

        bool IWatchdogTarget.Check()
        {
            IsWaiting.Set();
            Release.Wait(Enough);
            return false;
        }

        public void Dispose()
        {
            IsWaiting.Dispose();
            Release.Dispose();
        }
    }

    private sealed class AddingTarget(IWatchdogTarget other) : IWatchdogTarget
    {
        private bool _hasAdded;

        bool IWatchdogTarget.HasWork => false;

        bool IWatchdogTarget.Check()
        {
            if (!_hasAdded)
            {
                ThreadWatchdog.Add(other);
                _hasAdded = true;
            }

            return false;
        }
    }

    private sealed class CountingTarget : IWatchdogTarget, IDisposable
    {
        public ManualResetEventSlim HasChecked { get; } = new();

        bool IWatchdogTarget.HasWork => false;

        bool IWatchdogTarget.Check()
        {
            HasChecked.Set();
            return false;
        }

        public void Dispose() => HasChecked.Dispose();
    }
}
