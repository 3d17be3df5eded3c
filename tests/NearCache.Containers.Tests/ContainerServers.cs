using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Containers;
using DotNet.Testcontainers.Networks;
using NearCache.TestSupport;
using NearCache.TestSupport.Servers;

namespace NearCache.Containers.Tests;

/// <summary>Two memcacheds and a ZooKeeper ensemble of three, each in a container of one network.</summary>
/// <remarks>The ports on the host are fixed: a random one changes when a container is started again or cut from its network.</remarks>
public sealed class ContainerServers : IAsyncLifetime
{
    private readonly Dictionary<string, (IContainer Container, int Port)> _containers = [];
    private string? _absent;
    private INetwork? _network;
    private NearCacheClient? _reader;
    private NearCacheClient? _writer;

    public static IReadOnlyList<string> Memcacheds { get; } = ["memcached1", "memcached2"];

    public static IReadOnlyList<string> ZooKeepers { get; } = ["zookeeper1", "zookeeper2", "zookeeper3"];

    /// <summary>The image of the memcacheds.</summary>
    public string MemcachedImage { get; private set; } = "";

    /// <summary>A cache on all of these servers.</summary>
    public NearCacheClient Reader => _reader ??= NewCache();

    /// <summary>Another one, as if it were another process.</summary>
    public NearCacheClient Writer => _writer ??= NewCache();

    public async ValueTask InitializeAsync()
    {
        var (status, version) = await DockerCommand.TryAsync("docker", "version", "--format", "{{.Server.APIVersion}}");
        if (status != 0)
        {
            _absent = $"no docker daemon answers ({version.Split('\n')[^1]})";
            return;
        }

        await DockerOwner.RemoveAsync(owner => owner.HasEnded);
        try
        {
            await StartAllAsync(version);
        }
        catch
        {
            await DisposeAsync();
            throw;
        }
    }

    /// <summary>Skips the test where there is no docker.</summary>
    public void Need()
    {
        if (_absent is not null)
        {
            Require.Skip("containers", _absent);
        }
    }

    /// <summary>The member of the ensemble that leads.</summary>
    public async Task<string> LeaderAsync()
    {
        string? leader = null;
        await Eventually.BecomesTrueAsync(
            async () =>
            {
                foreach (var name in ZooKeepers)
                {
                    if ((await AskAsync(name, "srvr")).Contains("Mode: leader", StringComparison.Ordinal))
                    {
                        leader = name;
                    }
                }

                return leader is not null;
            },
            "the ensemble has a leader");
        return leader!;
    }

    public Task KillAsync(string name) => DockerCommand.RunAsync("kill", Id(name));

    public Task PauseAsync(string name) => DockerCommand.RunAsync("pause", Id(name));

    public Task ResumeAsync(string name) => DockerCommand.RunAsync("unpause", Id(name));

    public Task CutAsync(string name) => DockerCommand.RunAsync("network", "disconnect", _network!.Name, Id(name));

    /// <summary>Ends <see cref="CutAsync"/>: the container has its name and its port again.</summary>
    public async Task JoinAsync(string name)
    {
        await DockerCommand.RunAsync("network", "connect", "--alias", name, _network!.Name, Id(name));
        await AnswersAsync(name);
    }

    public async Task StartAsync(string name)
    {
        await DockerCommand.RunAsync("start", Id(name));
        await AnswersAsync(name);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var cache in new[] { _reader, _writer }.OfType<NearCacheClient>())
        {
            await cache.DisposeAsync();
        }

        if (_absent is null)
        {
            await DockerOwner.RemoveAsync(owner => owner == DockerOwner.This);
        }
    }

    private async Task StartAllAsync(string apiVersion)
    {
        var images = await Images.FindAsync();
        MemcachedImage = images.Memcached;
        SetUpTestcontainers(apiVersion, images);
        _network = new NetworkBuilder()
            .WithName($"nearcache-{Guid.NewGuid():N}")
            .WithLabel(DockerOwner.Label, DockerOwner.This.ToString())
            .Build();
        await _network.CreateAsync();
        foreach (var name in Memcacheds)
        {
            Add(name, images.Memcached, 11211);
        }

        var members = ZooKeepers.Index().Select(member => $"server.{member.Index + 1}={member.Item}:2888:3888;2181");
        foreach (var (index, name) in ZooKeepers.Index())
        {
            Add(name, images.ZooKeeper, 2181, new Dictionary<string, string>
            {
                ["ZOO_MY_ID"] = (index + 1).ToString(CultureInfo.InvariantCulture),
                ["ZOO_SERVERS"] = string.Join(' ', members),
                ["ZOO_TICK_TIME"] = "500",
                ["ZOO_4LW_COMMANDS_WHITELIST"] = "srvr",
            });
        }

        await Task.WhenAll(_containers.Values.Select(server => server.Container.StartAsync()));
        await Task.WhenAll(_containers.Keys.Select(AnswersAsync));
    }

    // Docker's API of a distribution is older than what Testcontainers asks for. Its reaper is an image too.
    private static void SetUpTestcontainers(string apiVersion, Images images)
    {
        Environment.SetEnvironmentVariable("DOCKER_API_VERSION", apiVersion);
        Environment.SetEnvironmentVariable("TESTCONTAINERS_HOST_OVERRIDE", "127.0.0.1");
        if (images.Reaper is null)
        {
            Environment.SetEnvironmentVariable("TESTCONTAINERS_RYUK_DISABLED", "true");
        }
        else
        {
            Environment.SetEnvironmentVariable("TESTCONTAINERS_RYUK_CONTAINER_IMAGE", images.Reaper);
        }
    }

    private NearCacheClient NewCache()
    {
        var options = new NearCacheOptions { Rules = { new RuleOptions { Name = "products", Match = "product:*" } } };
        foreach (var name in Memcacheds)
        {
            options.Memcached.Servers.Add(Address(name));
        }

        options.ZooKeeper.ConnectionString = string.Join(',', ZooKeepers.Select(Address));
        return new NearCacheClient(options);
    }

    private void Add(string name, string image, int inside, IReadOnlyDictionary<string, string>? settings = null)
    {
        var port = Ports.Free();
        var container = new ContainerBuilder(image)
            .WithNetwork(_network!)
            .WithNetworkAliases(name)
            .WithPortBinding(port, inside)
            .WithLabel(DockerOwner.Label, DockerOwner.This.ToString())
            .WithEnvironment(settings ?? new Dictionary<string, string>())
            .Build();
        _containers.Add(name, (container, port));
    }

    private string Id(string name) => _containers[name].Container.Id;

    private string Address(string name) => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_containers[name].Port}");

    // That the port is open says nothing: docker's proxy opens it.
    private Task AnswersAsync(string name) => Eventually.BecomesTrueAsync(
        async () => Memcacheds.Contains(name)
            ? (await AskAsync(name, "version\r\nquit\r\n")).StartsWith("VERSION", StringComparison.Ordinal)
            : (await AskAsync(name, "srvr")).Contains("Mode:", StringComparison.Ordinal),
        $"{name} answers");

    private async Task<string> AskAsync(string name, string text)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        try
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(new IPEndPoint(IPAddress.Loopback, _containers[name].Port), limit.Token);
            await socket.SendAsync(Encoding.ASCII.GetBytes(text), limit.Token);
            await using var stream = new NetworkStream(socket);
            using var reader = new StreamReader(stream);
            return await reader.ReadToEndAsync(limit.Token);
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return "";
        }
    }
}
