using NearCache.Coherence.Ensemble;
using NearCache.Diagnostics;
using NearCache.TestSupport;
using NearCache.TestSupport.ZooKeeper;
using NearCache.ZooKeeper;

namespace NearCache.Tests.Coherence.Ensemble;

public sealed class EnsembleGatewayTests(ITestOutputHelper output) : IAsyncDisposable
{
    private readonly EnsembleWorld _world = new();
    private readonly CancellationTokenSource _stopping = new();

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _world.DisposeAsync();
        _stopping.Dispose();
    }

    [Theory]
    [InlineData(ZooKeeperErrorCode.NoAuth)]
    [InlineData(ZooKeeperErrorCode.NoNode)]
    [InlineData(ZooKeeperErrorCode.SystemError)]
    public async Task A_loop_that_asks_again_at_once_after_each_failure_asks_a_few_times_a_minute(ZooKeeperErrorCode code)
    {
        _world.Server.OnRequest = request => request.Operation == "GetData" ? FakeFault.Error(code) : null;
        var lane = _world.Gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures);

        var work = AgainAsync(() => lane.GetDataAsync("/slot", null, _stopping.Token).AsTask());
        await _world.TurnAsync(TimeSpan.FromMinutes(10), work);

        // 1, 2, 4, 8, 16, 32 s, then one a minute, each ± 20 %.
        output.WriteLine($"[FIGURE] a loop on {code}: {_world.Asked("GetData")} reads in 10 minutes");
        Assert.InRange(_world.Asked("GetData"), 10, 19);
        Assert.Equal(_world.Asked("GetData"), _world.Gate.Failed(EnsembleRequest.ReadSlot));

        // Logged once, and with a count after ten minutes.
        Assert.InRange(_world.Log.Of(1402).Length, 1, 2);
        Assert.Equal(EnsembleRequest.ReadSlot, Assert.Single(_world.Gate.Failing).Purpose);
    }

    [Fact]
    public async Task Refused_changes_are_at_most_a_few_transactions_in_ten_minutes()
    {
        _world.Server.OnRequest = request => request.Operation == "SetData" ? FakeFault.Error(ZooKeeperErrorCode.NoAuth) : null;
        var lane = _world.Gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures);

        var work = AgainAsync(() => lane.TrySetDataAsync("/slot", default, 0, _stopping.Token).AsTask());
        await _world.TurnAsync(TimeSpan.FromMinutes(10), work);

        Assert.InRange(_world.Asked("SetData"), 7, 12);
    }

    [Fact]
    public async Task Creates_that_lose_against_others_for_ever_are_paced_too_and_are_no_failure()
    {
        _world.Server.SetData("/node", []);
        var lane = _world.Gate.Lane(EnsembleRequest.CheckNamespace, EnsembleRequest.RepairNamespace, EnsemblePacing.RateLimited);

        var work = AgainAsync(async () => await lane.TryChangeAllAsync([MultiOperation.Create("/node", null)], _stopping.Token));
        await _world.TurnAsync(TimeSpan.FromMinutes(10), work);

        Assert.InRange(_world.Asked("Multi"), 6, 12);
        Assert.Empty(_world.Gate.Failing);
        Assert.Empty(_world.Log.Of(1402));
    }

    [Fact]
    public async Task However_many_things_fail_at_once_six_lines_a_minute_are_logged()
    {
        var codes = 0;
        _world.Server.OnRequest = request =>
            request.Operation == "GetData"
                ? FakeFault.Error(codes++ % 2 == 0 ? ZooKeeperErrorCode.NoAuth : ZooKeeperErrorCode.SystemError)
                : null;
        var lanes = Enumerable.Range(0, 40)
            .Select(_ => _world.Gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures))
            .ToArray();

        var work = Task.WhenAll(lanes.Select(lane => AgainAsync(() => lane.GetDataAsync("/slot", null, _stopping.Token).AsTask())));
        await _world.TurnAsync(TimeSpan.FromMinutes(2), work, timers: lanes.Length);

        output.WriteLine($"[FIGURE] 40 failing loops: {_world.Log.Ids.Length} lines in 2 minutes, {_world.Asked("GetData")} reads");
        Assert.InRange(_world.Log.Ids.Length, 6, 2 * EnsembleLimits.LogLinesPerMinute);
    }

    [Fact]
    public async Task Requests_beside_the_budgets_are_forty_in_the_first_ten_seconds_of_a_session_and_one_a_second_after()
    {
        var lane = _world.Gate.Lane(EnsembleRequest.CheckNamespace, EnsembleRequest.RepairNamespace, EnsemblePacing.RateLimited);
        var work = AgainAsync(() => lane.ExistsAsync("/", null, _stopping.Token).AsTask());

        await _world.TurnAsync(TimeSpan.FromSeconds(10), work);
        Assert.InRange(_world.Asked("Exists"), EnsembleLimits.RequestsOfNewSession - 1, EnsembleLimits.RequestsOfNewSession);
        await _world.TurnAsync(TimeSpan.FromSeconds(60), work);
        Assert.InRange(_world.Asked("Exists"), EnsembleLimits.RequestsOfNewSession + 58, EnsembleLimits.RequestsOfNewSession + 60);

        _world.Gate.Connected(isNewSession: true);
        await _world.TurnAsync(TimeSpan.FromSeconds(10), work);
        Assert.InRange(
            _world.Asked("Exists"), (2 * EnsembleLimits.RequestsOfNewSession) + 58, (2 * EnsembleLimits.RequestsOfNewSession) + 62);
    }

    [Theory]
    [InlineData(1000, 100)]
    [InlineData(4, 4)]
    [InlineData(1, 100)]
    public async Task Transactions_beside_announcements_are_the_members_share_of_a_tenth_of_the_budget(int members, double budget)
    {
        await using var world = new EnsembleWorld(budget);
        world.Gate.Members = members;
        var lane = world.Gate.Lane(EnsembleRequest.CountMembers, EnsembleRequest.KeepMember, EnsemblePacing.RateLimited);
        var work = AgainAsync(() => lane.TryDeleteAsync("/none", _stopping.Token).AsTask());
        await world.TurnAsync(TimeSpan.FromMinutes(1), work);

        var share = 60 * Math.Min(EnsembleLimits.ShareOfTransactions * budget / members, EnsembleLimits.RequestsPerSecond);
        var most = EnsembleLimits.TransactionsOfNewSession + share + (members == 1 ? EnsembleLimits.RequestsOfNewSession : 0);
        output.WriteLine(
            $"[FIGURE] {members} members, budget {budget}: {world.Asked("Delete")} transactions of one in a minute, at most {most:0.0}");
        Assert.InRange(world.Asked("Delete"), EnsembleLimits.TransactionsOfNewSession, most);
        await _stopping.CancelAsync();
    }

    [Fact]
    public async Task A_stop_and_the_removal_of_the_member_wait_for_no_pause_and_no_allowance()
    {
        var isBad = true;
        _world.Server.OnRequest = request =>
            isBad && request.Operation is "SetData" or "Delete" ? FakeFault.Error(ZooKeeperErrorCode.NoAuth) : null;
        _world.Gate.Members = 1000;
        var lane = _world.Gate.Lane(EnsembleRequest.ReadRules, EnsembleRequest.CarryStop, EnsemblePacing.RateLimited);
        for (var i = 0; i < 100; i++)
        {
            await Assert.ThrowsAsync<NoAuthException>(
                async () => await lane.Urgent.TrySetDataAsync("/rules", default, 0, CancellationToken.None));
        }

        isBad = false;
        _world.Server.SetData("/rules", []);
        Assert.True(await lane.Urgent.TrySetDataAsync("/rules", default, 0, CancellationToken.None));
        Assert.Equal(0, _world.Time.ActiveTimers);
    }

    [Fact]
    public async Task A_failure_of_one_purpose_delays_no_other()
    {
        _world.Server.OnRequest = request => request.Path == "/bad" ? FakeFault.Error(ZooKeeperErrorCode.NoAuth) : null;
        _world.Server.SetData("/good", []);
        var (bad, good) = (
            _world.Gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures),
            _world.Gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures));
        await Assert.ThrowsAsync<NoAuthException>(async () => await bad.GetDataAsync("/bad", null, CancellationToken.None));

        await good.GetDataAsync("/good", null, CancellationToken.None);
        var waiting = bad.GetDataAsync("/bad", null, _stopping.Token).AsTask();
        Assert.False(waiting.IsCompleted);
        Assert.Equal(1, _world.Time.ActiveTimers);
        await _stopping.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public async Task What_failed_for_want_of_a_connection_is_tried_again_as_soon_as_there_is_one()
    {
        var cut = true;
        _world.Server.SetData("/slot", []);
        _world.Server.OnRequest = request => cut && request.Operation == "GetData" ? FakeFault.CloseBefore : null;
        var lane = _world.Gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures);
        await Assert.ThrowsAsync<ConnectionLossException>(async () => await lane.GetDataAsync("/slot", null, CancellationToken.None));
        Assert.Null(_world.Gate.RepliedAt);
        var waiting = lane.GetDataAsync("/slot", null, _stopping.Token).AsTask();
        Assert.False(waiting.IsCompleted);

        cut = false;
        _world.Gate.Connected(isNewSession: false);
        await waiting;
        Assert.NotNull(_world.Gate.RepliedAt);
        Assert.Empty(_world.Gate.Failing);
    }

    [Fact]
    public async Task What_works_again_is_said_with_the_number_of_failures()
    {
        var isBad = true;
        _world.Server.SetData("/slot", []);
        _world.Server.OnRequest = request => isBad && request.Operation == "GetData" ? FakeFault.Error(ZooKeeperErrorCode.NoAuth) : null;
        var lane = _world.Gate.Lane(EnsembleRequest.ReadSlot, EnsembleRequest.Announce, EnsemblePacing.Failures);
        var work = AgainAsync(() => lane.GetDataAsync("/slot", null, _stopping.Token).AsTask(), times: 4);
        await Eventually.BecomesTrueAsync(() => _world.Gate.Failed(EnsembleRequest.ReadSlot) == 1, "it has failed");
        await _world.TurnAsync(TimeSpan.FromSeconds(4), work);
        isBad = false;
        await _world.TurnAsync(TimeSpan.FromSeconds(10), work);

        Assert.Contains("ReadSlot works again", Assert.Single(_world.Log.Of(1420)), StringComparison.Ordinal);
    }

    // Retries at once after any result, as a loop with a defect does.
    private async Task AgainAsync<T>(Func<Task<T>> ask, int times = int.MaxValue)
    {
        for (var i = 0; i < times && !_stopping.IsCancellationRequested; i++)
        {
            try
            {
                await ask();
            }
            catch (Exception e) when (e is ZooKeeperException or OperationCanceledException)
            {
                // Again.
            }
        }
    }
}
