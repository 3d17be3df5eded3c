using System.Globalization;
using Microsoft.Extensions.Caching.Hybrid;
using NearCache.TestSupport;

namespace NearCache.Tests.Sequences;

/// <summary>One process of a <see cref="ResultSchedule"/>.</summary>
/// <param name="GetOrCreate">Reads a key, and calls the factory on a miss.</param>
/// <param name="Change">Writes or removes the cached value of a key, after a change of the source.</param>
/// <param name="Cut">Disconnects the process from memcached, or connects it; null if it stays connected.</param>
internal sealed record ScheduledCaller(
    Func<string, Func<CancellationToken, ValueTask<string?>>, ValueTask<string?>> GetOrCreate,
    Func<string, string, Task> Change,
    Action<bool>? Cut = null)
{
    /// <summary>A process that uses an adapter of a cache.</summary>
    public static ScheduledCaller Of(NearCacheClient client, string adapter, string change, Action<bool>? cut)
    {
        if (adapter == "cache")
        {
            return new ScheduledCaller(
                (key, factory) => client.GetOrCreateAsync(key, factory),
                (key, value) => change == "set" ? client.SetAsync(key, value) : client.RemoveAsync(key),
                cut);
        }

        HybridCache hybrid = new NearHybridCache(client);
        return new ScheduledCaller((key, factory) => hybrid.GetOrCreateAsync(key, factory, tags: [$"tag of {key}"]), ChangeAsync, cut);

        async Task ChangeAsync(string key, string value)
        {
            switch (change)
            {
                case "set":
                    await hybrid.SetAsync(key, value, tags: [$"tag of {key}"]);
                    break;
                case "remove":
                    await hybrid.RemoveAsync(key);
                    break;
                default:
                    await hybrid.RemoveByTagAsync($"tag of {key}");
                    break;
            }
        }
    }
}

/// <summary>
/// Calls of two processes for one key in a random order, while the source changes and factories reply late: no call may return a value that
/// was replaced before the call began.
/// </summary>
/// <param name="time">The clock of the bound.</param>
/// <param name="bound">How long after a change another process may still return the old value.</param>
/// <param name="callers">The processes.</param>
internal sealed class ResultSchedule(TimeProvider time, TimeSpan bound, IReadOnlyList<ScheduledCaller> callers)
{
    private readonly Lock _lock = new();   // guards everything below
    private readonly List<TaskCompletionSource> _held = [];
    private readonly List<Completed> _completed = [];
    private readonly List<string> _violations = [];
    private readonly List<string> _story = [];
    private int _version = 1;
    private bool _isHolding = true;

    /// <summary>Gets the number of checked calls.</summary>
    public int Checked { get; private set; }

    /// <summary>Gets how often the source was asked.</summary>
    public int Runs { get; private set; }

    /// <summary>Executes steps, and then lets all calls end.</summary>
    /// <param name="key">The key.</param>
    /// <param name="random">Selects the steps.</param>
    /// <param name="steps">The number of steps.</param>
    /// <param name="turn">Advances the time.</param>
    /// <returns>The violations; empty if there are none.</returns>
    public async Task<IReadOnlyList<string>> RunAsync(string key, Random random, int steps, Func<TimeSpan, Task> turn)
    {
        var calls = new List<Task>();
        var isCut = new bool[callers.Count];
        for (var step = 0; step < steps; step++)
        {
            var index = random.Next(callers.Count);
            switch (random.Next(10))
            {
                case < 4:
                    calls.Add(CallAsync(index, key));
                    break;
                case < 6:
                    await ChangeAsync(index, key);
                    break;
                case < 8:
                    Answer(random);
                    break;
                case 8 when callers[index].Cut is { } cut:
                    isCut[index] = !isCut[index];
                    Note($"caller {index} is {(isCut[index] ? "cut off" : "back")}");
                    cut(isCut[index]);
                    break;
                default:
                    await turn(TimeSpan.FromMilliseconds(random.Next(1500)));
                    break;
            }
        }

        lock (_lock)
        {
            _isHolding = false;
            _held.ForEach(held => held.TrySetResult());
        }

        foreach (var caller in callers)
        {
            caller.Cut?.Invoke(false);
        }

        await UntilAsync(() => Task.FromResult(calls.TrueForAll(call => call.IsCompleted)), turn);
        await Task.WhenAll(calls);
        await UntilAsync(() => ChangeAsync(0, key), turn);
        await turn(bound + TimeSpan.FromSeconds(1));
        for (var i = 0; i < callers.Count; i++)
        {
            await CallAsync(i, key);
        }

        lock (_lock)
        {
            return _violations.Count == 0 ? [] : [.. _violations, .. _story];
        }
    }

    private async Task UntilAsync(Func<Task<bool>> condition, Func<TimeSpan, Task> turn)
    {
        for (var tries = 0; !await condition(); tries++)
        {
            Assert.True(tries < 2000, $"The calls do not end.\n{string.Join('\n', _story)}");
            await turn(TimeSpan.FromMilliseconds(50));
            await PoolTurns.PassAsync();
        }
    }

    private async Task CallAsync(int index, string key)
    {
        int number, required;
        lock (_lock)
        {
            number = ++Checked;
            required = _completed.Where(change => change.Caller == index || time.GetElapsedTime(change.At) > bound)
                .Select(change => change.Version)
                .DefaultIfEmpty(1)
                .Max();
        }

        Note($"call {number} of caller {index} begins; at least {required}");
        var value = await callers[index].GetOrCreate(key, AskAsync);
        Note($"call {number} of caller {index} returns {value}");
        if (int.Parse(value!, CultureInfo.InvariantCulture) < required)
        {
            lock (_lock)
            {
                _violations.Add($"{key}: call {number} of caller {index} returned {value}, {required} was there before it began");
            }
        }
    }

    private async Task<bool> ChangeAsync(int index, string key)
    {
        int version;
        lock (_lock)
        {
            version = ++_version;
        }

        try
        {
            Note($"caller {index} changes to {version}");
            await callers[index].Change(key, version.ToString(CultureInfo.InvariantCulture));
        }
        catch (NearCacheException)
        {
            Note($"caller {index} failed to change to {version}");
            return false;
        }

        lock (_lock)
        {
            _completed.Add(new Completed(version, index, time.GetTimestamp()));
        }

        return true;
    }

    private async ValueTask<string?> AskAsync(CancellationToken cancellationToken)
    {
        int version;
        var held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_lock)
        {
            Runs++;
            version = _version;
            if (_isHolding)
            {
                _held.Add(held);
            }
            else
            {
                held.SetResult();
            }
        }

        Note($"a factory reads {version}");
        await held.Task.WaitAsync(cancellationToken);
        return version.ToString(CultureInfo.InvariantCulture);
    }

    private void Answer(Random random)
    {
        TaskCompletionSource held;
        lock (_lock)
        {
            if (_held.Count == 0)
            {
                return;
            }

            var at = random.Next(_held.Count);
            held = _held[at];
            _held.RemoveAt(at);
        }

        held.TrySetResult();
    }

    private void Note(string what)
    {
        lock (_lock)
        {
            _story.Add($"{time.GetTimestamp() / (time.TimestampFrequency / 1000)} ms: {what}");
        }
    }

    private readonly record struct Completed(int Version, int Caller, long At);
}
