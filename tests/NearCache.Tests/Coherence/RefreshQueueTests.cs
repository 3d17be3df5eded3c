using NearCache.Coherence;
using NearCache.Near;
using NearCache.Rules;
using NearCache.Tests.Near;

namespace NearCache.Tests.Coherence;

public sealed class RefreshQueueTests : IDisposable
{
    private readonly NearStoreFixture _near = new();
    private readonly NearClock _clock;
    private readonly RefreshQueue _queue;

    public RefreshQueueTests()
    {
        _clock = new NearClock(_near.Time);
        _queue = new RefreshQueue(_clock, _near.Time);
    }

    public void Dispose() => _near.Dispose();

    [Fact]
    public async Task A_key_that_is_voided_twice_is_due_once_within_a_second()
    {
        var added = _queue.WaitAsync(long.MaxValue, TestContext.Current.CancellationToken);
        Assert.False(added.IsCompleted);
        _queue.Add(Voided("a", InvalidationPolicy.Refresh));
        _queue.Add(Voided("a", InvalidationPolicy.Refresh));
        await added;

        _near.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["a"], _queue.TakeDue(_clock.Now(), out var wait));
        Assert.Equal(long.MaxValue, wait);
        Assert.Empty(_queue.TakeDue(_clock.Now(), out _));
    }

    [Fact]
    public void A_key_that_was_taken_can_be_voided_again()
    {
        _queue.Add(Voided("a", InvalidationPolicy.Refresh));
        _near.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["a"], _queue.TakeDue(_clock.Now(), out _));

        _queue.Add(Voided("a", InvalidationPolicy.Refresh));
        _near.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(["a"], _queue.TakeDue(_clock.Now(), out _));
    }

    [Fact]
    public void Keys_wait_for_different_times()
    {
        for (var i = 0; i < 100; i++)
        {
            _queue.Add(Voided($"key:{i}", InvalidationPolicy.Refresh));
        }

        HashSet<string> taken = [];
        var (instants, wait) = (0, 0L);
        while (wait != long.MaxValue)
        {
            _near.Time.Advance(TimeSpan.FromMilliseconds(wait));
            var due = _queue.TakeDue(_clock.Now(), out wait);
            instants += due.Count > 0 ? 1 : 0;
            Assert.All(due, key => Assert.True(taken.Add(key)));
        }

        Assert.Equal(100, taken.Count);
        Assert.InRange(instants, 20, 100);
    }

    [Fact]
    public void Without_the_request_of_its_rule_a_key_is_not_queued()
    {
        _queue.Add(Voided("a", InvalidationPolicy.Drop));
        _near.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Empty(_queue.TakeDue(_clock.Now(), out _));
    }

    private NearEntry Voided(string key, InvalidationPolicy policy)
    {
        Assert.True(_near.Put(_near.RuleOf(new Rule("all", new KeyPattern("*")) { OnInvalidate = policy }), key, "value"));
        return _near.Store.Drop(key)!;
    }
}
