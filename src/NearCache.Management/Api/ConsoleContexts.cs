using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace NearCache.Management.Api;

/// <summary>Finds the fleets that a console shows: those of its settings, else the cache of the application.</summary>
internal static class ConsoleContexts
{
    private const int LongestName = 64;

    /// <summary>Returns the fleets.</summary>
    /// <exception cref="InvalidOperationException">There is none, or the name of one is invalid.</exception>
    public static IReadOnlyList<(ConsoleContext Context, ConsoleContextOptions Options)> Of(
        NearCacheConsoleOptions options, IServiceProvider services)
    {
        if (options.Contexts.Count > 0)
        {
            return
            [
                .. options.Contexts.Select(pair => (
                    new ConsoleContext(Checked(pair.Key), pair.Value.Cluster ?? pair.Key, pair.Value.Caches.Namespace), pair.Value)),
            ];
        }

        // Resolving the cache would start it: its registration is asked.
        if (services.GetService<IServiceProviderIsService>()?.IsService(typeof(INearCache)) != true)
        {
            throw new InvalidOperationException(
                "The console has nothing to show: the application has no unnamed NearCache (AddNearCache), and "
                    + $"{nameof(NearCacheConsoleOptions)}.{nameof(NearCacheConsoleOptions.Contexts)} is empty. Add one of the two.");
        }

        var caches = services.GetRequiredService<IOptionsMonitor<NearCacheOptions>>().CurrentValue;
        return [(new ConsoleContext(caches.Namespace, caches.Namespace, caches.Namespace), new ConsoleContextOptions { Caches = caches })];
    }

    /// <summary>Returns whether a name can stand in an address and name a folder.</summary>
    public static bool IsValid(string name) =>
        name.Length is > 0 and <= LongestName && name.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '.' or '_' or '-')
            && name.Trim('.').Length > 0;

    /// <summary>Returns why a name cannot be that of a context.</summary>
    public static string Refusal(string name) =>
        $"\"{name}\" cannot be the name of a context: use 1 to {LongestName} letters, digits, '.', '_' and '-'.";

    private static string Checked(string name) => IsValid(name) ? name : throw new InvalidOperationException(Refusal(name));
}
