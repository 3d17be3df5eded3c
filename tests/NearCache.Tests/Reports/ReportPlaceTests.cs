using NearCache.Memcached.Protocol;
using NearCache.Reports;
using NearCache.Reports.Core;
using NearCache.TestSupport;

namespace NearCache.Tests.Reports;

public sealed class ReportPlaceTests
{
    private static readonly ReportNames Names = new(SimulatedProcess.Namespace);

    private readonly ManualTime _time = new();

    // Every order of the steps of two processes that prefer the same places, with a restart at every point.
    [Fact]
    public void Two_processes_never_share_a_place_whatever_the_order_of_their_steps()
    {
        var held = 0;
        foreach (var schedule in Schedules("ABR", 8))
        {
            var server = new CountingServer("cache-1", _time);
            Stepper[] processes = [new(1, server, seed: 5), new(2, server, seed: 5)];
            foreach (var step in schedule)
            {
                Apply(step, server, processes);
                AssertNoOverwrite(server, processes, schedule);
            }

            // Both store at most a few more reports, then each has a place of its own, and a reader finds both.
            for (var round = 0; round < 8; round++)
            {
                Array.ForEach(processes, process => process.Round());
            }

            Assert.NotEqual(processes[0].Place.Place, processes[1].Place.Place);
            AssertFound(server, processes, schedule);
            held++;
        }

        Assert.Equal(6_561, held);
    }

    [Fact]
    public void A_process_that_wakes_up_and_finds_its_place_taken_claims_another_one()
    {
        var server = new CountingServer("cache-1", _time);
        var (sleeper, other) = (new Stepper(1, server, seed: 5), new Stepper(2, server, seed: 5));
        sleeper.Round();
        var place = sleeper.Place.Place;
        _time.Advance(TimeSpan.FromSeconds(ReportNames.Lifetime + 1));

        // The report has expired, and the other process takes the same place.
        server.Execute(MetaCommand.Delete(Names.Places));
        other.Round();
        Assert.Equal(place, other.Place.Place);

        sleeper.Round();
        Assert.NotNull(sleeper.Place.Place);
        Assert.NotEqual(place, sleeper.Place.Place);
        AssertFound(server, [sleeper, other], "sleep");
    }

    [Fact]
    public void A_cas_value_of_an_earlier_life_is_never_used()
    {
        var server = new CountingServer("cache-1", _time);
        var (first, second) = (new Stepper(1, server, seed: 5), new Stepper(2, server, seed: 5));
        first.Round();

        // After the restart CAS values start at 1 again, and the second process stores its report in the place of the first.
        server.Restart();
        second.Round();
        var place = second.Place.Place;
        first.Round();
        Assert.NotEqual(place, first.Place.Place);
        AssertFound(server, [first, second], "restart");
    }

    [Fact]
    public void The_bound_falls_after_a_fleet_has_shrunk_and_never_below_a_report()
    {
        var server = new CountingServer("cache-1", _time);
        var many = Enumerable.Range(0, 300).Select(number => new Stepper(number, server, seed: number)).ToArray();
        for (var round = 0; round < 3; round++)
        {
            Array.ForEach(many, process => process.Round());
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        AssertFound(server, many, "many");
        Assert.InRange(BoundOf(server), 300, 600);

        // Four processes of the lower places stay. The others have ended, and their last reports are visible for 15 minutes.
        var few = many.OrderBy(process => process.Place.Place).Take(4).ToArray();
        var gone = many.Except(few).ToArray();
        for (var seconds = 5; seconds <= 7200; seconds += 5)
        {
            Array.ForEach(few, process => process.Round());
            _time.Advance(TimeSpan.FromSeconds(5));
            if (seconds is 600)
            {
                AssertFound(server, gone, "the last reports");
            }
        }

        AssertFound(server, few, "few");
        Assert.InRange(BoundOf(server), 4, 64);
    }

    [Fact]
    public void When_every_place_is_taken_those_of_silent_reports_and_of_garbage_are_used()
    {
        var server = new CountingServer("cache-1", _time);
        server.Execute(MetaCommand.Set(Names.Places, new PlacesItem(ReportNames.MaxPlaces, "1").Write(), ReportPlace.PlacesLifetime));
        for (var place = 0; place < ReportNames.MaxPlaces; place++)
        {
            server.Execute(MetaCommand.Set(Names.Place(place), "{}"u8.ToArray(), ReportNames.Lifetime));
        }

        // All are renewed: there is no place, and the attempts are bounded.
        var process = new Stepper(1, server, seed: 1);
        process.Round();
        Assert.Null(process.Place.Place);
        Assert.True(process.Place.IsFull);

        _time.Advance(TimeSpan.FromSeconds(90));
        process.Round();
        AssertFound(server, [process], "abandoned");
        Assert.False(process.Place.IsFull);
    }

    [Theory]
    [InlineData("")]
    [InlineData("garbage")]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"format":1,"places":"many","life":"00"}""")]
    [InlineData("""{"format":1,"places":-5,"life":"00"}""")]
    [InlineData("""{"format":1,"places":1e400,"life":"00"}""")]
    [InlineData("""{"format":1,"places":1000000,"life":"00"}""")]
    [InlineData("""{"format":1,"places":3,"life":"\u202e"}""")]
    public void A_bound_of_another_program_heals(string content)
    {
        var server = new CountingServer("cache-1", _time);
        var processes = Enumerable.Range(0, 40).Select(number => new Stepper(number, server, seed: number)).ToArray();
        Array.ForEach(processes, process => process.Round());
        server.Execute(MetaCommand.Set(Names.Places, System.Text.Encoding.UTF8.GetBytes(content)));

        // Without an expiry, as a person would store it. A bound that is too high falls by half with each check.
        for (var round = 0; round < 20; round++)
        {
            Array.ForEach(processes, process => process.Round());
            _time.Advance(TimeSpan.FromSeconds(5));
        }

        AssertFound(server, processes, content);
        for (var round = 0; round < 250; round++)
        {
            // The age at which the bound is checked is in minutes.
            Array.ForEach(processes, process => process.Round());
            _time.Advance(TimeSpan.FromSeconds(60));
        }

        AssertFound(server, processes, content);
        Assert.InRange(BoundOf(server), 40, 200);
    }

    private static IEnumerable<string> Schedules(string letters, int length) => length == 0
        ? [""]
        : Schedules(letters, length - 1).SelectMany(schedule => letters.Select(letter => schedule + letter));

    private static void Apply(char step, CountingServer server, Stepper[] processes)
    {
        if (step == 'R')
        {
            server.Restart();
        }
        else
        {
            processes[step - 'A'].Step();
        }
    }

    private static int BoundOf(CountingServer server)
    {
        Assert.True(PlacesItem.TryRead(server.Execute(MetaCommand.Get(Names.Places)).Value, out var bound));
        return bound.Places;
    }

    // A report that was stored in this life is in its place until its own process stores again: no other process overwrites it.
    private static void AssertNoOverwrite(CountingServer server, Stepper[] processes, string schedule)
    {
        foreach (var process in processes.Where(process => process.StoredAt is not null && process.StoredOn == server.ConnectionIdFor([])))
        {
            var item = server.Execute(MetaCommand.Get(Names.Place(process.StoredAt!.Value)));
            Assert.True(item.Value.Span.IndexOf(System.Text.Encoding.ASCII.GetBytes(process.Id)) >= 0, $"{schedule}: overwritten");
        }
    }

    private static void AssertFound(CountingServer server, Stepper[] processes, string schedule)
    {
        var reader = new ProcessReportReader(SimulatedProcess.Namespace, () => [server]);
        var read = reader.ReadAsync(cancellationToken: TestContext.Current.CancellationToken);
        Assert.True(read.IsCompletedSuccessfully);
        var found = read.Result.Processes.Select(process => process.Id).ToHashSet();
        Assert.True(processes.All(process => found.Contains(process.Id)), $"{schedule}: {found.Count} of {processes.Length} found");
    }

    /// <summary>Executes the steps of one place, one by one.</summary>
    private sealed class Stepper(int number, CountingServer server, int seed)
    {
        private readonly ReadOnlyMemory<byte> _summary = new SimulatedProcess(number, [server], TimeProvider.System).Written();
        private long? _connection;

        public ReportPlace Place { get; } = new(Names, SimulatedProcess.IdOf(number), new Random(seed));

        public string Id => SimulatedProcess.IdOf(number);

        /// <summary>Gets the place and the connection of the last report that was stored.</summary>
        public int? StoredAt { get; private set; }

        public long StoredOn { get; private set; }

        /// <summary>Executes one step, and begins a round if the last one has ended.</summary>
        public void Step()
        {
            if (_connection is null || Place.IsStored)
            {
                Place.Begin((_connection = server.ConnectionIdFor([])).Value);
            }

            try
            {
                var reply = server.ExecuteAsync(Place.Next(_summary).ToArray(), _connection.Value);
                Place.Receive(reply.Result.Responses);
                (StoredAt, StoredOn) = Place.IsStored ? (Place.Place, _connection.Value) : (StoredAt, StoredOn);
            }
            catch (Memcached.MemcachedException)
            {
                Place.Failed();
                _connection = null;
            }
        }

        /// <summary>Stores one report.</summary>
        public void Round()
        {
            for (var steps = 0; steps == 0 || (steps < ReportPlace.MaxSteps && !(Place.IsStored && _connection is not null)); steps++)
            {
                Step();
            }
        }
    }
}
