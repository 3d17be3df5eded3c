using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>The Storefront sample in a separate process.</summary>
internal sealed class StorefrontProcess : ServerProcess
{
    private readonly string[] _settings;
    private readonly string _environment;

    private StorefrontProcess(string environment, string[] settings)
        : base(Ports.Free())
    {
        _environment = environment;
        _settings = settings;
        Shop = new StorefrontClient(new Uri($"http://{Address}"));
    }

    /// <summary>The requests of customers and operators.</summary>
    public StorefrontClient Shop { get; }

    /// <summary>Starts one with settings such as <c>NearCache:Memcached:Servers:0=…</c>, and returns when it answers.</summary>
    public static async Task<StorefrontProcess> StartNewAsync(params string[] settings) => await StartAsync("Production", settings);

    /// <summary>Starts one on the embedded default, as <c>dotnet run</c> does.</summary>
    public static async Task<StorefrontProcess> StartEmbeddedAsync() => await StartAsync("Development", []);

    /// <summary>The lines of logged and unhandled exceptions.</summary>
    public IReadOnlyList<string> Failures() =>
        [.. Output.Split('\n')
            .Where(line => line.StartsWith("fail:", StringComparison.Ordinal) || line.StartsWith("crit:", StringComparison.Ordinal)
                || line.Contains("Unhandled exception", StringComparison.Ordinal))];

    public override async ValueTask DisposeAsync()
    {
        Shop.Dispose();
        await base.DisposeAsync();
    }

    protected override ProcessStartInfo Command()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(
            "dotnet",
            [Repository.Sample("Storefront"), "--urls", $"http://127.0.0.1:{port}", .. _settings.Select(setting => "--" + setting)]);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = _environment;
        if (!TestScale.IsFull)
        {
            start.Environment["DOTNET_STARTUP_HOOKS"] = typeof(StartupHook).Assembly.Location;
        }

        return start;
    }

    protected override async Task<bool> AnswersAsync(CancellationToken cancellationToken) => await Shop.AnswersAsync(cancellationToken);

    private static async Task<StorefrontProcess> StartAsync(string environment, string[] settings)
    {
        var shop = new StorefrontProcess(environment, settings);
        await shop.StartAsync();
        return shop;
    }
}
