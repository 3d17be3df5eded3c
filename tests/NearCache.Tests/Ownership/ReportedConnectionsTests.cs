using NearCache.Memcached.Protocol;
using NearCache.Ownership;
using NearCache.Reports;
using NearCache.Reports.Core;
using NearCache.Reports.Formats;
using NearCache.TestSupport;
using NearCache.Tests.Reports;

namespace NearCache.Tests.Ownership;

public sealed class ReportedConnectionsTests
{
    private const string Server = "cache-1:11211";

    private static readonly ReportNames Names = new(SimulatedProcess.Namespace);

    private readonly CountingServer _server = new(Server, new ManualTime());
    private int _reports;

    [Fact]
    public async Task Containers_that_share_the_network_of_a_machine_are_processes_of_their_own()
    {
        // Each is process 1 of the same host.
        Report("10.0.0.5:1001");
        Report("10.0.0.5:1002");
        Assert.Equal([1, 1], (await ReadAsync()).Select(process => process.Count));
    }

    [Fact]
    public async Task Caches_that_share_a_connection_are_one_process()
    {
        Report("10.0.0.5:1001");
        Report("10.0.0.5:1001");
        Report(null);
        Assert.Equal(1, Assert.Single(await ReadAsync()).Count);
    }

    [Theory]
    [InlineData("[::ffff:10.0.0.5]:1001", "10.0.0.5:1001")]
    [InlineData("[fe80::1%7]:1001", "[fe80::1]:1001")]
    [InlineData("[fd00::1]:1001", "[fd00::1]:1001")]
    public async Task Addresses_are_those_that_a_server_prints(string reported, string printed)
    {
        Report(reported, nodeAddress: "::ffff:10.0.0.9");
        var process = Assert.Single(await ReadAsync());
        Assert.Equal(printed, Assert.Single(process.Connections).ToString());
        Assert.Equal(["10.0.0.9"], process.NodeAddresses);
    }

    private void Report(string? local, string? nodeAddress = null)
    {
        var id = SimulatedProcess.IdOf(_reports);
        var summary = SimulatedProcess.Sample with
        {
            Id = id,
            Host = "node-1",
            Pod = null,
            NodeAddress = nodeAddress,
            ProcessId = 1,
            Connections = [1],
        };
        _server.Execute(MetaCommand.Set(Names.Place(_reports++), SummaryFormat.Write(summary), ReportNames.Lifetime));
        if (local is not null)
        {
            var detail = new ProcessDetail
            {
                Id = id,
                Servers =
                [
                    new ReportedServer
                    {
                        Name = Server,
                        ConnectionCount = 1,
                        Connections = [new ReportedConnection { Local = local, OpenedAt = DateTimeOffset.UnixEpoch }],
                    },
                ],
            };
            _server.Execute(MetaCommand.Set(Names.Detail(id), DetailFormat.Write(detail), ReportNames.Lifetime));
        }
    }

    private async Task<IReadOnlyList<ReportedProcess>> ReadAsync()
    {
        var reader = new ProcessReportReader(SimulatedProcess.Namespace, () => [_server]);
        var reports = await new ReportedConnections(token => reader.ReadAsync(null, token), reader)
            .ReadAsync([Server], TestContext.Current.CancellationToken);
        return reports.ByServer[Server];
    }
}
