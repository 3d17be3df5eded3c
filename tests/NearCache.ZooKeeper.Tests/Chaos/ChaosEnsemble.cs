using NearCache.TestSupport;
using NearCache.TestSupport.Servers;
using NearCache.ZooKeeper.Protocol;
using NearCache.ZooKeeper.Sessions;

namespace NearCache.ZooKeeper.Tests.Chaos;

/// <summary>A real ensemble of three servers, each behind a proxy, and the faults that can be injected.</summary>
internal sealed class ChaosEnsemble : IAsyncDisposable
{
    /// <summary>The number of kinds of faults.</summary>
    public const int Kinds = 9;

    private readonly ZooKeeperEnsemble _ensemble;
    private readonly FaultProxy[] _proxies;

    private ChaosEnsemble(ZooKeeperEnsemble ensemble)
    {
        _ensemble = ensemble;
        _proxies = [.. ensemble.Servers.Select(server => FaultProxy.Start(server.Port))];
    }

    /// <summary>Gets the connection string of the servers.</summary>
    public string Direct => _ensemble.ConnectionString;

    /// <summary>Gets the connection string of the proxies.</summary>
    public string Proxied => string.Join(',', _proxies.Select(proxy => proxy.Address));

    public static async Task<ChaosEnsemble> StartAsync() => new(await ZooKeeperEnsemble.StartNewAsync(settings: ["forceSync=yes"]));

    /// <summary>Injects a fault of one kind for a while and removes it.</summary>
    /// <returns>The name of the fault.</returns>
    public async Task<string> InjectFaultAsync(int kind, Random random, ZooKeeperClient client)
    {
        var server = random.Next(3);
        var (victim, proxy) = (_ensemble.Servers[server], _proxies[server]);
        var until = Task.Delay(TimeSpan.FromMilliseconds(random.Next(100, 900)), TimeProvider.System);
        switch (kind)
        {
            case 0:
                victim.Kill();
                await until;
                victim.Launch();
                return "kill -9";
            case 1:
                victim.Kill();
                victim.Launch();
                return "restart";
            case 2:
                victim.Pause();
                await until;
                victim.Resume();
                return "SIGSTOP";
            case 3:
                var other = _ensemble.Servers[(server + 1) % 3];
                victim.Kill();
                other.Kill();
                await until;
                victim.Launch();
                other.Launch();
                return "kill -9, two of three";
            case 4:
                // The client neither receives nor sends, as if its process was stopped. Sometimes this lasts longer than its session.
                Array.ForEach(_proxies, each => each.Hold());
                await Task.Delay(
                    TimeSpan.FromMilliseconds(random.Next(4) == 0 ? random.Next(4000, 5500) : random.Next(200, 2500)), TimeProvider.System);
                Array.ForEach(_proxies, each => each.Resume());
                return "pause of the client";
            case 5:
                await ExpireAsync(client);
                return "forced expiry";
            case 6:
                Array.ForEach(_proxies, each => each.DropsToClient = true);
                await until;
                Array.ForEach(_proxies, each => each.DropsToClient = false);
                Array.ForEach(_proxies, each => each.Cut());
                return "partition: replies dropped";
            case 7:
                proxy.DropsToServer = true;
                await until;
                proxy.DropsToServer = false;
                proxy.Cut();
                return "partition: requests to one server dropped";
            default:
                Array.ForEach(_proxies, each => each.Delay = TimeSpan.FromMilliseconds(random.Next(5, 60)));
                _proxies[(server + 1) % 3].CutAfter(random.Next(1, 5000));
                await until;
                Array.ForEach(_proxies, each => each.Heal());
                return "delays, and a cut after so many bytes";
        }
    }

    /// <summary>Removes all faults, and returns when all servers serve.</summary>
    public async Task HealAsync()
    {
        Array.ForEach(_proxies, proxy => proxy.Heal());
        await _ensemble.StartAllAsync();
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var proxy in _proxies)
        {
            await proxy.DisposeAsync();
        }

        await _ensemble.DisposeAsync();
    }

    // A client with the password of a session can resume and end it.
    private async Task ExpireAsync(ZooKeeperClient client)
    {
        var request = client.Session.StateMachine.CreateConnectRequest();
        if (request.SessionId == 0)
        {
            return;
        }

        var options = new ZooKeeperOptions { ConnectionString = Direct };
        var queue = new RequestQueue(new QueueLimits(options.MaxMessageBytes, 10, 1000, 10), _ => { });
        var opener = new SessionOpener(options, queue, TimeProvider.System);
        foreach (var server in _ensemble.Servers.Where(server => server.IsRunning))
        {
            try
            {
                var (connection, _) = await opener.OpenAsync(
                    NearCache.Transport.ServerAddress.Parse(server.Address), request, CancellationToken.None);
                await using (connection)
                {
                    await connection.ExchangeAsync(
                        writer =>
                        {
                            writer.WriteInt32(1);
                            writer.WriteInt32((int)OperationCode.CloseSession);
                        },
                        CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(5));
                    return;
                }
            }
            catch (Exception e) when (SessionOpener.IsTransientFailure(e))
            {
                // Tries the next server.
            }
        }
    }
}
