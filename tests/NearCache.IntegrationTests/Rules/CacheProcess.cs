using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.Rules;

/// <summary>A separate process with a cache of the namespace <c>rules</c>, controlled by commands.</summary>
internal sealed class CacheProcess : ServerProcess
{
    private readonly string[] _arguments;
    private readonly string? _network;
    private readonly string? _pod;
    private readonly string? _nodeAddress;
    private int _said;

    private CacheProcess(
        string memcached,
        string zooKeeper,
        int sessionSeconds,
        string? network = null,
        string? pod = null,
        string? nodeAddress = null,
        bool hasBreaker = false,
        string? at = null,
        bool showsKeys = false)
        : base(Ports.Free())
    {
        (_network, _pod, _nodeAddress) = (network, pod, nodeAddress);
        _arguments =
        [
            Repository.Sample("NearCache.Checker"),
            "host",
            "rules",
            memcached,
            zooKeeper,
            sessionSeconds.ToString(CultureInfo.InvariantCulture),
            .. hasBreaker ? ["breaker"] : Array.Empty<string>(),
            .. at is null ? Array.Empty<string>() : [$"at={at}"],
            .. showsKeys ? ["keys"] : Array.Empty<string>(),
        ];
    }

    public static async Task<CacheProcess> StartNewAsync(
        IEnumerable<MemcachedProcess> memcached,
        string zooKeeper,
        int sessionSeconds = 4,
        string? pod = null,
        bool hasBreaker = false,
        bool showsKeys = false)
    {
        var host = new CacheProcess(
            string.Join(',', memcached.Select(server => server.Address)),
            zooKeeper,
            sessionSeconds,
            pod: pod,
            hasBreaker: hasBreaker,
            showsKeys: showsKeys);
        await host.StartAsync();
        return host;
    }

    /// <summary>Starts one without ZooKeeper as a pod in a network namespace.</summary>
    public static async Task<CacheProcess> StartInNetworkAsync(string network, string pod, string memcached, string? nodeAddress)
    {
        var host = new CacheProcess(memcached, "", 4, network, pod, nodeAddress);
        await host.StartAsync();
        return host;
    }

    /// <summary>Starts one without ZooKeeper as a pod that finds the server of a name at an address of its own.</summary>
    public static async Task<CacheProcess> StartAtAsync(string memcached, string at, string pod, string? nodeAddress)
    {
        var host = new CacheProcess(memcached, "", 4, pod: pod, nodeAddress: nodeAddress, at: at);
        await host.StartAsync();
        return host;
    }

    /// <summary>Sends a command without waiting for the answer.</summary>
    /// <returns>The number of the command.</returns>
    public async Task<int> TellAsync(string what)
    {
        var number = ++_said;
        await Input.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"{number} {what}"));
        await Input.FlushAsync();
        return number;
    }

    /// <summary>Waits for the answer to a command.</summary>
    /// <param name="number">The number of the command.</param>
    /// <param name="begins">The beginning of the answer.</param>
    public async Task<string> AnswerAsync(int number, string begins = "")
    {
        var wanted = string.Create(CultureInfo.InvariantCulture, $"{number} {begins}");
        string? found = null;
        await Eventually.BecomesTrueAsync(
            () => (found = Output.Split('\n').LastOrDefault(line => line.StartsWith(wanted, StringComparison.Ordinal))) is not null,
            $"a process answers {wanted}");
        return found![(found!.IndexOf(' ', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>Sends a command, and waits for the answer.</summary>
    public async Task<string> AskAsync(string what) => await AnswerAsync(await TellAsync(what));

    /// <summary>Waits until it serves a key near.</summary>
    public Task ServeNearAsync(string key) =>
        Eventually.BecomesTrueAsync(async () => await AskAsync($"near {key}") == "True", "a process serves near");

    /// <summary>The end of an answer that is a time of the machine's monotonic clock.</summary>
    public static long Time(string answer) => long.Parse(answer.Split(' ')[^1], CultureInfo.InvariantCulture);

    protected override ProcessStartInfo Command()
    {
        var start = _network is null
            ? new ProcessStartInfo("dotnet", _arguments)
            : new ProcessStartInfo("nsenter", [$"--net=/run/netns/{_network}", "dotnet", .. _arguments]);
        start.RedirectStandardInput = true;
        start.Environment["POD_NAME"] = _pod ?? "";
        start.Environment["NODE_IP"] = _nodeAddress ?? "";
        return start;
    }

    protected override Task<bool> AnswersAsync(CancellationToken cancellationToken) =>
        Task.FromResult(Output.Contains("ready", StringComparison.Ordinal));
}
