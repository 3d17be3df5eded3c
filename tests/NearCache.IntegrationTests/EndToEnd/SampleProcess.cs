using System.Diagnostics;
using System.Globalization;
using NearCache.TestSupport.Servers;

namespace NearCache.IntegrationTests.EndToEnd;

/// <summary>A web sample in a separate process.</summary>
internal sealed class SampleProcess : HttpServerProcess
{
    private readonly string _name;
    private readonly string[] _settings;

    private SampleProcess(string name, string[] settings)
        : base("/", new SocketsHttpHandler { UseCookies = false }) => (_name, _settings) = (name, settings);

    /// <summary>The client of the sample. It stores no cookies: the tests pass them.</summary>
    public HttpClient Client => Http;

    /// <summary>Starts one with settings such as <c>NearCache:Memcached:Servers:0=…</c>, and returns when it answers.</summary>
    public static async Task<SampleProcess> StartNewAsync(string name, params string[] settings)
    {
        var process = new SampleProcess(name, settings);
        await process.StartAsync();
        return process;
    }

    protected override ProcessStartInfo Command()
    {
        var port = Port.ToString(CultureInfo.InvariantCulture);
        var start = new ProcessStartInfo(
            "dotnet", [Repository.Sample(_name), "--urls", $"http://127.0.0.1:{port}", .. _settings.Select(setting => "--" + setting)]);
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Production";
        return start;
    }
}
