using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Fleet;

/// <summary>One client process of the fleet, with its own proxy to each ZooKeeper server and to the broker.</summary>
internal sealed class FleetProcess : ServerProcess
{
    // A process begins and ends within seconds; on a machine whose processors are taken it gets so many minutes.
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    private readonly string[] _arguments;

    public FleetProcess(
        string log,
        int member,
        int members,
        int keys,
        int readsPerSecond,
        string memcacheds,
        ZooKeeperEnsemble? zooKeeper,
        RabbitMqProcess? broker = null)
        : base(Ports.Free())
    {
        Log = log;
        Ways = [.. zooKeeper?.Servers.Select(server => FaultProxy.Start(server.Port)) ?? []];
        WayToBroker = broker is null ? null : FaultProxy.Start(broker.Port);
        int[] numbers = [member, members, keys, readsPerSecond];
        _arguments =
        [
            log,
            .. numbers.Select(number => number.ToString(CultureInfo.InvariantCulture)),
            memcacheds,
            string.Join(',', Ways.Select(way => way.Address)),
            .. WayToBroker is null ? (string[])[] : [WayToBroker.Address],
        ];
    }

    public string Log { get; }

    /// <summary>The build of the checker that <see cref="ServerProcess.StartAsync"/> starts.</summary>
    public string Program { get; set; } = Repository.Sample("NearCache.Checker");

    public IReadOnlyList<FaultProxy> Ways { get; }

    public FaultProxy? WayToBroker { get; }

    /// <summary>Stops the process by a command, so that its log is complete.</summary>
    public async Task StopAsync()
    {
        await Input.WriteLineAsync("stop");
        await Input.FlushAsync();
        await Eventually.BecomesTrueAsync(() => !IsRunning, "a client process ends", Limit);
    }

    /// <summary>Sets the wall clock of its cache.</summary>
    public async Task JumpAsync(TimeSpan by)
    {
        var jumps = Jumps();
        await Input.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"jump {by.TotalSeconds}"));
        await Input.FlushAsync();
        await Eventually.BecomesTrueAsync(() => Jumps() > jumps, "a clock jumps", Limit);
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        foreach (var way in Ways.Append(WayToBroker).OfType<FaultProxy>())
        {
            await way.DisposeAsync();
        }
    }

    protected override ProcessStartInfo Command()
    {
        ForgetOutput();
        return new ProcessStartInfo("dotnet", [Program, .. _arguments]) { RedirectStandardInput = true };
    }

    protected override Task<bool> AnswersAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Output.Contains("ready", StringComparison.Ordinal));

    private int Jumps() => Output.Split("jumped").Length - 1;
}
