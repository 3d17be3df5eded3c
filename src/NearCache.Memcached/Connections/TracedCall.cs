using NearCache.Memcached.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Memcached.Connections;

/// <summary>Runs a call within a span of its own.</summary>
internal static class TracedCall
{
    /// <param name="settings">The settings of the server.</param>
    /// <param name="number">The index of the command in <see cref="CommandNames.All"/>.</param>
    /// <param name="commands">The number of commands.</param>
    /// <param name="call">The function that performs the call.</param>
    public static async ValueTask<T> RunAsync<T>(ConnectionSettings settings, int number, int commands, Func<ValueTask<T>> call)
    {
        var (server, address) = (settings.Server, settings.Address);
        using var activity = MemcachedTraces.IsEnabled
            ? MemcachedTraces.StartActivity(CommandNames.All[number], commands, server, address.UnixPath ?? address.Host, address.Port)
            : null;
        try
        {
            var result = await call().ConfigureAwait(false);
            if (result is MetaResponse { Status: MetaStatus.Error })
            {
                activity?.SetError(ErrorTypes.ServerError);
            }

            return result;
        }
        catch (Exception e)
        {
            activity?.SetError(ErrorTypes.Of(e));
            throw;
        }
    }
}
