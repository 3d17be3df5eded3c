using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using NearCache.Management.StandAlone;

namespace NearCache.Management;

/// <summary>The stand-alone console: an application of its own, for machines that run no application with NearCache.</summary>
/// <remarks>
/// It listens on loopback, and prints an address that works once, unless a sign-in is configured. Any other binding is refused.
/// </remarks>
public static class NearCacheConsoleHost
{
    private const int Refused = 2;
    private const int Failed = 1;

    /// <summary>
    /// Gets the folder of the history where the settings name none: <c>NearCache/console</c> in the local application data of the user.
    /// </summary>
    /// <remarks>It has a folder for each context, with a file of JSON lines for each day (UTC).</remarks>
    public static string DefaultDataFolder => HostSettings.DefaultFolder;

    /// <summary>Runs the console until it is cancelled.</summary>
    /// <param name="args">
    /// <c>--config FILE</c> (several times), <c>--urls URL</c>, <c>--operate</c>, <c>--values</c>, <c>--data FOLDER</c>,
    /// <c>--no-data</c>, and settings such as <c>--Contexts:shop:Cluster=prod</c>.
    /// </param>
    /// <param name="output">Receives the addresses.</param>
    /// <param name="error">Receives each mistake of the settings, in a line.</param>
    /// <param name="configuration">
    /// Further settings. They are overridden by environment variables that begin with <c>NEARCACHE_CONSOLE__</c>, and these by arguments.
    /// </param>
    /// <param name="cancellationToken">Ends the console.</param>
    /// <returns>0 after it was cancelled; 1 if it cannot listen; 2 if the settings are refused.</returns>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> args,
        TextWriter output,
        TextWriter error,
        IConfiguration? configuration = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(args);
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(error);
        var mistakes = new List<string>();
        var all = Configure(args, configuration, mistakes, out var arguments);
        var settings = all is null ? null : HostSettings.Read(all, arguments, mistakes);
        if (mistakes.Count > 0 || settings is null)
        {
            foreach (var mistake in mistakes)
            {
                await error.WriteLineAsync(mistake).ConfigureAwait(false);
            }

            return Refused;
        }

        var app = ConsoleApplication.Build(settings, all!.GetSection("Logging"));
        await using (app.ConfigureAwait(false))
        {
            try
            {
                await app.StartAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or SocketException)
            {
                await error.WriteLineAsync($"The console cannot listen on {string.Join(", ", settings.Urls)}: {e.Message}")
                    .ConfigureAwait(false);
                return Failed;
            }

            await PrintAsync(app, output).ConfigureAwait(false);
            await app.WaitForShutdownAsync(cancellationToken).ConfigureAwait(false);
            return 0;
        }
    }

    private static IConfiguration? Configure(
        IReadOnlyList<string> args, IConfiguration? configuration, List<string> mistakes, out HostArguments arguments)
    {
        arguments = HostArguments.Parse(args, mistakes);
        var builder = new ConfigurationBuilder();
        foreach (var file in arguments.Files.Where(File.Exists))
        {
            builder.AddJsonFile(Path.GetFullPath(file), optional: false, reloadOnChange: false);
        }

        if (configuration is not null)
        {
            builder.AddConfiguration(configuration);
        }

        builder.AddEnvironmentVariables(HostSettings.EnvironmentPrefix);
        builder.AddInMemoryCollection(arguments.Settings);
        try
        {
            return builder.Build();
        }
        catch (Exception e) when (e is InvalidDataException or FormatException)
        {
            mistakes.Add($"--config: {e.InnerException?.Message ?? e.Message}");
            return null;
        }
    }

    private static async Task PrintAsync(WebApplication app, TextWriter output)
    {
        var entry = app.Services.GetService<OneTimeAddress>()?.Path;
        foreach (var address in app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()?.Addresses ?? [])
        {
            await output.WriteLineAsync(entry is null
                ? $"The console is at {address}"
                : $"The console is at {address}. To enter it, open this address, which works once: {address}/{entry}")
                .ConfigureAwait(false);
        }
    }
}
