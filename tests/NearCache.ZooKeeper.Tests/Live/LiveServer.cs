using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper.Tests.Live;

[assembly: AssemblyFixture(typeof(LiveServer))]

namespace NearCache.ZooKeeper.Tests.Live;

/// <summary>One real server shared by all tests that leave it running. Each test works below a node of its own.</summary>
public sealed class LiveServer : IAsyncDisposable
{
    private readonly DirectoryInfo _login = Directory.CreateTempSubdirectory("nearcache-test-jaas-");
    private readonly Lazy<Task<ZooKeeperProcess>> _server;

    private readonly System.Runtime.CompilerServices.ConditionalWeakTable<ZooKeeperClient, string> _connectionStrings = [];

    public LiveServer() => _server = new(() => ZooKeeperProcess.StartNewAsync(
        settings: ["authProvider.1=org.apache.zookeeper.server.auth.SASLAuthenticationProvider"],
        javaOptions: ["-Dzookeeper.extendedTypesEnabled=true", $"-Djava.security.auth.login.config={LoginConfiguration()}"]));

    /// <summary>Returns the server, which starts on first use.</summary>
    public Task<ZooKeeperProcess> ServerAsync() => _server.Value;

    /// <summary>Returns a client whose chroot is a new node.</summary>
    public async Task<ZooKeeperClient> ConnectAsync(Action<ZooKeeperOptions>? configure = null)
    {
        var server = await ServerAsync();
        var root = $"/test-{Guid.NewGuid():N}";
        await using (var creator = new ZooKeeperClient(Patient(server.Address)))
        {
            await creator.CreateAsync(root, null);
        }

        var options = Patient(server.Address + root);
        configure?.Invoke(options);
        var client = new ZooKeeperClient(options);
        _connectionStrings.Add(client, options.ConnectionString);
        return client;
    }

    /// <summary>Returns the connection string of a client that this fixture created.</summary>
    public string ConnectionStringOf(ZooKeeperClient client) =>
        _connectionStrings.TryGetValue(client, out var text) ? text : throw new ArgumentException("Not made here.", nameof(client));

    public async ValueTask DisposeAsync()
    {
        if (_server.IsValueCreated && _server.Value.IsCompletedSuccessfully)
        {
            await (await _server.Value).DisposeAsync();
        }

        _login.Delete(recursive: true);
    }

    // A busy machine takes longer than the default for thousands of requests.
    private static ZooKeeperOptions Patient(string connectionString) =>
        new() { ConnectionString = connectionString, RequestTimeout = TimeSpan.FromMinutes(3) };

    private string LoginConfiguration()
    {
        var path = Path.Combine(_login.FullName, "jaas.conf");
        File.WriteAllText(path, """
            Server {
                org.apache.zookeeper.server.auth.DigestLoginModule required
                user_bob="secret";
            };
            """);
        return path;
    }
}
