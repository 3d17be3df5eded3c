using NearCache.Tests.Creating;
using NearCache.TestSupport;

namespace NearCache.Tests.Writing;

/// <summary>
/// A CAS belongs to a life of its server: ids begin again at 1 after a restart, and one of before may be that of another value.
/// </summary>
public sealed class CasOfALifeTests : IAsyncLifetime
{
    private const string Matched = "product:1";
    private const string Unmatched = "basket:1";
    private readonly ManualTime _time = new();
    private readonly RestartingRemote _remote;
    private readonly NearCacheClient _one;
    private readonly NearCacheClient _two;

    public CasOfALifeTests()
    {
        _remote = new RestartingRemote(_time);
        (_one, _two) = (Make(), Make());
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _one.DisposeAsync();
        await _two.DisposeAsync();
    }

    [Theory]
    [InlineData(Matched)]
    [InlineData(Unmatched)]
    public async Task A_version_of_before_a_restart_never_replaces_a_value_of_after_it(string key)
    {
        await _one.SetAsync(key, "before");
        var version = (await _one.GetAsync<string>(key)).Version;

        _remote.Restart();

        // No audit has looked: the clock stands still.
        await _remote.PutAsync(key, "after", version.Cas);

        Assert.False(await _one.CompareAndSetAsync(key, "overwritten", version));
        Assert.Equal("after", (await _two.GetAsync<string>(key)).Value);
    }

    [Theory]
    [InlineData(Matched)]
    [InlineData(Unmatched)]
    public async Task A_version_holds_over_a_new_connection_to_the_same_life_which_is_read_there_first(string key)
    {
        await _one.SetAsync(key, "first");
        var version = (await _one.GetAsync<string>(key)).Version;

        _remote.Reconnect();
        var sent = _remote.Log.Count;

        Assert.True(await _one.CompareAndSetAsync(key, "second", version));
        Assert.Equal("second", (await _two.GetAsync<string>(key)).Value);
        Assert.Contains("Get:~nc:1:default:total", _remote.Log[sent].Command, StringComparison.Ordinal);
        Assert.Contains($"Set:{key}:C", _remote.Log[sent + 1].Command, StringComparison.Ordinal);

        // Read once: the next needs nothing more.
        var again = (await _one.GetAsync<string>(key)).Version;
        sent = _remote.Log.Count;
        Assert.True(await _one.CompareAndSetAsync(key, "third", again));
        Assert.Contains($"Set:{key}:C", _remote.Log[sent].Command, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_version_that_was_read_just_after_a_restart_holds_as_soon_as_the_new_life_is_known()
    {
        await _one.SetAsync(Matched, "before");
        _remote.Restart();
        await _two.SetAsync(Matched, "after");

        // Read before this process knows of the restart: its version is of neither life for certain, and matches nothing.
        var early = (await _one.GetAsync<string>(Matched)).Version;
        Assert.False(await _one.CompareAndSetAsync(Matched, "early", early));

        var version = (await _one.GetAsync<string>(Matched)).Version;
        Assert.True(await _one.CompareAndSetAsync(Matched, "late", version));
        Assert.Equal("late", (await _two.GetAsync<string>(Matched)).Value);
    }

    [Fact]
    public async Task A_connection_that_is_replaced_between_its_look_and_the_command_carries_nothing()
    {
        await _one.SetAsync(Unmatched, "before");
        var version = (await _one.GetAsync<string>(Unmatched)).Version;
        _remote.Reconnect();
        _remote.Answered = command =>
        {
            if (command.Contains("Get:~nc:1:default:total", StringComparison.Ordinal))
            {
                _remote.Answered = null;
                _remote.Restart();
            }
        };

        Assert.False(await _one.CompareAndSetAsync(Unmatched, "overwritten", version));
        Assert.False((await _one.GetAsync<string>(Unmatched)).HasValue);
        AssertNoCasOnAConnectionThatWasNotRead();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_lease_of_before_a_restart_neither_stores_over_nor_removes_what_is_there_after_it(bool fails)
    {
        var source = new TaskCompletionSource<string>();
        var creating = _one.GetOrCreateAsync(Unmatched, async _ => await source.Task).AsTask();
        await Eventually.BecomesTrueAsync(() => _remote.Log.Any(entry => entry.Command == $"Get:{Unmatched}"), "the lease is won");
        var lease = await _remote.CasOfAsync(Unmatched);

        _remote.Restart();
        await _remote.PutAsync(Unmatched, "completed", lease);
        if (fails)
        {
            source.SetException(new InvalidOperationException("the source fails"));
            await Assert.ThrowsAsync<InvalidOperationException>(() => creating);
        }
        else
        {
            source.SetResult("made");
            Assert.Equal("made", await creating);
        }

        Assert.Equal("completed", (await _two.GetAsync<string>(Unmatched)).Value);
        AssertNoCasOnAConnectionThatWasNotRead();
    }

    [Fact]
    public async Task A_lock_of_before_a_restart_gives_back_nothing_of_after_it()
    {
        var held = await _one.Locks.TryAcquireAsync("job", new LockOptions { Wait = TimeSpan.Zero });
        var cas = await _remote.CasOfAsync("~nc:1:default:lock:job");
        var restarted = false;

        // Between the look that shows its own token and the removal by the CAS of that look.
        _remote.Answered = command =>
        {
            if (!restarted && command == "Get:~nc:1:default:lock:job")
            {
                restarted = true;
                _remote.Restart();
                Assert.True(_remote.PutAsync("~nc:1:default:lock:job", "another holder", cas).IsCompletedSuccessfully);
            }
        };
        await held!.DisposeAsync();

        Assert.True(restarted);
        Assert.Null(await _one.Locks.TryAcquireAsync("job", new LockOptions { Wait = TimeSpan.Zero }));
        AssertNoCasOnAConnectionThatWasNotRead();
    }

    [Fact]
    public async Task No_command_that_compares_goes_over_a_connection_whose_life_was_not_read_on_it()
    {
        var random = new Random(7);
        for (var round = 0; round < 300; round++)
        {
            var key = random.Next(2) == 0 ? Matched : Unmatched;
            switch (random.Next(6))
            {
                case 0:
                    _remote.Restart();
                    break;
                case 1:
                    _remote.Reconnect();
                    break;
                case 2:
                    await _one.GetOrCreateAsync(key, _ => ValueTask.FromResult("made"));
                    break;
                case 3:
                    await _one.RemoveAsync(key);
                    await Assert.ThrowsAsync<InvalidOperationException>(
                        () => _one.GetOrCreateAsync<string>(key, _ => throw new InvalidOperationException("fails")).AsTask());
                    break;
                case 4:
                    await using (await _one.Locks.TryAcquireAsync("job", new LockOptions { Wait = TimeSpan.Zero }))
                    {
                    }

                    break;
                default:
                    var found = await _one.GetAsync<string>(key);
                    if (found.HasValue)
                    {
                        await _one.CompareAndSetAsync(key, "compared", found.Version);
                    }

                    break;
            }
        }

        Assert.Contains(_remote.Log, entry => entry.Command.Contains(":C", StringComparison.Ordinal));
        AssertNoCasOnAConnectionThatWasNotRead();
    }

    private void AssertNoCasOnAConnectionThatWasNotRead()
    {
        var read = new HashSet<long>();
        foreach (var (connection, command) in _remote.Log)
        {
            if (command.Contains("Get:~nc:1:default:total", StringComparison.Ordinal))
            {
                read.Add(connection);
            }

            Assert.True(
                !command.Contains(":C", StringComparison.Ordinal) || read.Contains(connection),
                $"{command} went over connection {connection}, which was not read.");
        }
    }

    private NearCacheClient Make() =>
        new(
            new NearCacheOptions { KeyPrefix = "", Rules = { new RuleOptions { Name = "products", Match = "product:*" } } },
            _remote,
            timeProvider: _time);
}
