using System.Reflection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using NearCache.Management.Collecting;
using NearCache.Management.Security;
using NearCache.Management.Storage;

namespace NearCache.Management.Api;

/// <summary>The console of a process: its fleets, their readings and their viewers.</summary>
internal sealed class ConsoleService : IHostedService, IAsyncDisposable
{
    private readonly Dictionary<string, ConsoleFleet> _fleets = new(StringComparer.Ordinal);
    private readonly IServiceProvider _services;
    private readonly Lock _lock = new();   // guards the end
    private Task? _ended;

    /// <param name="services">The services of the application.</param>
    /// <param name="settings">The settings.</param>
    public ConsoleService(IServiceProvider services, IOptions<NearCacheConsoleOptions> settings)
    {
        _services = services;
        Options = settings.Value;
        Loggers = services.GetRequiredService<ILoggerFactory>();
        Time = services.GetRequiredService<TimeProvider>();
        Logger = Loggers.CreateLogger("NearCache.Management");
        Ending = services.GetService<IHostApplicationLifetime>()?.ApplicationStopping ?? CancellationToken.None;
        Policies = new ConsolePolicies(Options.ViewPolicy, Options.OperatePolicy, Options.ValuesPolicy);
        Audit = new AuditLog(Loggers, Time);
        var contexts = ConsoleContexts.Of(Options, services);
        foreach (var (context, fleet) in contexts)
        {
            _fleets[context.Name] = CreateFleet(context, fleet, contexts.Count);
        }

        Overviews = new OverviewStreams(this);
    }

    /// <summary>Gets the version of the console.</summary>
    public static string Version { get; } = typeof(ConsoleService).Assembly
        .GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "";

    /// <summary>Gets the settings.</summary>
    public NearCacheConsoleOptions Options { get; }

    /// <summary>Gets the policies of the permissions.</summary>
    public ConsolePolicies Policies { get; }

    /// <summary>Gets the log of what users do.</summary>
    public AuditLog Audit { get; }

    /// <summary>Gets the clock.</summary>
    public TimeProvider Time { get; }

    /// <summary>Gets the logger.</summary>
    public ILogger Logger { get; }

    /// <summary>Gets the token that is cancelled when the host ends, which waits for requests that are open.</summary>
    public CancellationToken Ending { get; }

    /// <summary>Gets the streams of all fleets together.</summary>
    public OverviewStreams Overviews { get; }

    /// <summary>Gets the fleets, in the order of the settings.</summary>
    public IReadOnlyCollection<ConsoleFleet> Fleets => _fleets.Values;

    private ILoggerFactory Loggers { get; }

    /// <summary>Returns a fleet by its name; null if there is none.</summary>
    public ConsoleFleet? Find(string name) => _fleets.GetValueOrDefault(name);

    /// <inheritdoc/>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (_services.GetService<Microsoft.AspNetCore.Authorization.IAuthorizationPolicyProvider>() is { } provider)
        {
            await Policies.CheckAsync(provider).ConfigureAwait(false);
        }

        foreach (var fleet in Fleets)
        {
            fleet.Collector.Start();
        }
    }

    /// <inheritdoc/>
    public Task StopAsync(CancellationToken cancellationToken) => DisposeAsync().AsTask();

    public ValueTask DisposeAsync()
    {
        // The host ends it, and then disposes it.
        lock (_lock)
        {
            _ended ??= Task.WhenAll(Fleets.Select(fleet => fleet.DisposeAsync().AsTask()));
        }

        return new ValueTask(_ended);
    }

    private ConsoleFleet CreateFleet(ConsoleContext context, ConsoleContextOptions options, int count)
    {
        var store = Options.DataFolder is { } folder
            ? new HistoryStore(folder, context.Name, Options.DataDays, Options.DataBytes / count, Time, Logger)
            : null;
        var isReadOnly = options.ReadOnly || !Policies.Exists(ConsolePermission.Operate);
        var reader = new FleetReader(options.Caches, isReadOnly, Loggers, Time);
        return new ConsoleFleet(new ContextCollector(context, options.Caches, reader, store, Time, Logger), store, isReadOnly, Time);
    }
}
