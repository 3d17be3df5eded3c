using System.Text;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using NearCache.Tests.Observing;

namespace NearCache.Management.Tests.StandAlone;

/// <summary>A stand-alone console that runs until it is ended.</summary>
internal sealed partial class RunningHost : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task<int> _run = Task.FromResult(0);

    public Uri Entry { get; private set; } = null!;

    public static IConfiguration ConfigurationOf(FleetOfTests fleet) => new ConfigurationBuilder().AddInMemoryCollection(
    [
        KeyValuePair.Create<string, string?>("Contexts:shop:Cluster", "prod"),
        KeyValuePair.Create<string, string?>("Contexts:shop:NearCache:Namespace", "shop"),
        KeyValuePair.Create<string, string?>("Contexts:shop:NearCache:Memcached:Servers:0", fleet.Memcached[0].Address),
        KeyValuePair.Create<string, string?>("Contexts:shop:NearCache:ZooKeeper:ConnectionString", fleet.ZooKeeper.ConnectionString),
        KeyValuePair.Create<string, string?>("Logging:LogLevel:Default", "None"),
    ]).Build();

    public static async Task<RunningHost> StartAsync(FleetOfTests fleet, params string[] args)
    {
        var host = new RunningHost();
        var output = new LineWriter();
        var error = new StringWriter();
        host._run = NearCacheConsoleHost.RunAsync(
            ["--urls", "http://127.0.0.1:0", .. args], output, error, ConfigurationOf(fleet), host._stopping.Token);
        var first = await Task.WhenAny(host._run, output.Line);
        Assert.True(first == output.Line, error.ToString());
        host.Entry = new Uri(Address().Matches(await output.Line)[^1].Value);
        return host;
    }

    public HttpClient Client() => new(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false })
    {
        BaseAddress = new Uri(Entry.GetLeftPart(UriPartial.Authority)),
    };

    public HttpRequestMessage Post(string address, string json)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(Entry, "/" + address))
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        request.Headers.Add("Origin", Entry.GetLeftPart(UriPartial.Authority));
        request.Headers.Add("X-NearCache-Operation", "1");
        return request;
    }

    public async Task<int> EndAsync()
    {
        await _stopping.CancelAsync();
        return await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync();
        _stopping.Dispose();
    }

    private sealed class LineWriter : StringWriter
    {
        private readonly TaskCompletionSource<string> _line = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task<string> Line => _line.Task;

        public override Task WriteLineAsync(string? value)
        {
            _line.TrySetResult(value!);
            return Task.CompletedTask;
        }
    }

    [GeneratedRegex("http://[^ ]+")]
    private static partial Regex Address();
}
