using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace NearCache.TestSupport.Servers;

/// <summary>The distribution's ZooKeeper on a free port, alone or as a member of an ensemble.</summary>
public sealed class ZooKeeperProcess : ServerProcess
{
    private const string Jars = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar";
    private const string NettyJars = ":/usr/share/java/netty-codec.jar:/usr/share/java/netty-resolver.jar";
    private readonly string[] _settings;
    private readonly bool _netty;
    private readonly bool _member;

    /// <param name="settings">Lines for zoo.cfg besides the ordinary ones.</param>
    /// <param name="netty">The Netty layer instead of the default NIO.</param>
    /// <param name="id">The number in an ensemble; 0 is a server that stands alone.</param>
    internal ZooKeeperProcess(string[] settings, bool netty, int id)
        : base(Ports.Free())
    {
        _settings = settings;
        _netty = netty;
        _member = id != 0;
        Directory.CreateDirectory(Path.Combine(Folder, "data"));
        if (_member)
        {
            File.WriteAllText(Path.Combine(Folder, "data", "myid"), id.ToString(CultureInfo.InvariantCulture));
        }
    }

    /// <summary>JVM system properties and other options, for instance <c>-Dzookeeper.extendedTypesEnabled=true</c>.</summary>
    public IReadOnlyList<string> JavaOptions { get; init; } = [];

    /// <summary>Starts a server that stands alone. tickTime is 500 ms: sessions of 1 to 10 s.</summary>
    public static async Task<ZooKeeperProcess> StartNewAsync(bool netty = false, string[]? settings = null, string[]? javaOptions = null)
    {
        Require.ZooKeeper();
        var server = new ZooKeeperProcess(settings ?? [], netty, id: 0) { JavaOptions = javaOptions ?? [] };
        await server.StartAsync();
        return server;
    }

    /// <summary>Asks a four-letter word such as <c>srvr</c>, <c>mntr</c> or <c>cons</c>.</summary>
    public async Task<string> AskAsync(string word, CancellationToken cancellationToken = default)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, Port), cancellationToken);
        await socket.SendAsync(Encoding.ASCII.GetBytes(word), cancellationToken);
        await using var stream = new NetworkStream(socket);
        using var reader = new StreamReader(stream);
        return await reader.ReadToEndAsync(cancellationToken);
    }

    /// <summary>The zxid that <c>srvr</c> reports: counts every transaction of the ensemble.</summary>
    public async Task<long> LastZxidAsync()
    {
        var line = (await AskAsync("srvr")).Split('\n').First(text => text.StartsWith("Zxid:", StringComparison.Ordinal));
        return long.Parse(line.Split("0x")[1], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
    }

    protected override ProcessStartInfo Command()
    {
        string[] ordinary =
        [
            "tickTime=500", "initLimit=20", "syncLimit=10", $"dataDir={Folder}/data", $"clientPort={Port}", "clientPortAddress=127.0.0.1",
            "admin.enableServer=false", "4lw.commands.whitelist=*", "maxClientCnxns=0", "maxSessionTimeout=60000",

            // A write outlives a killed server without it, and a disk that others keep busy for seconds is not what is tested.
            "forceSync=no",
        ];
        var configuration = Path.Combine(Folder, "zoo.cfg");
        File.WriteAllLines(configuration, [.. ordinary, .. _settings]);
        string[] layer = _netty ? ["-Dzookeeper.serverCnxnFactory=org.apache.zookeeper.server.NettyServerCnxnFactory"] : [];
        return new ProcessStartInfo("java", [
            "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-Dzookeeper.fsync.warningthresholdms=10000",
            .. layer, .. JavaOptions, "-cp", _netty
                ? Jars + NettyJars
                : Jars, "org.apache.zookeeper.server.quorum.QuorumPeerMain", configuration,
        ]);
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        // Asked of a member that has no quorum yet, srvr says that it serves no requests.
        var answer = await AskAsync("srvr", cancellationToken);
        return answer.Contains("Mode:", StringComparison.Ordinal);
    }
}
