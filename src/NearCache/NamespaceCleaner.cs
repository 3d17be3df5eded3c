using Microsoft.Extensions.Logging;
using NearCache.Coherence.Driver;
using NearCache.Settings;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>Removes what an older or foreign layout left under a namespace in ZooKeeper, such as a znode per key.</summary>
/// <remarks>
/// <para>It touches nothing outside of <c>/nearcache/NAMESPACE</c>, and in it nothing that NearCache uses now (<c>config</c>, <c>rules</c>, <c>members</c>, <c>slots</c> with its eight), nothing ephemeral, and nothing
/// that was written lately. So it may run beside living processes. It works in transactions of many deletes at a limited rate. What is gone is gone: a run that was cancelled or broke off
/// is resumed by running it again.</para>
/// <para>It needs no cache: it has a session of its own for as long as it runs.</para>
/// </remarks>
public sealed class NamespaceCleaner
{
    private readonly ZooKeeperOptions _zooKeeper;
    private readonly NamespacePaths _paths;
    private readonly ILoggerFactory? _loggers;
    private readonly TimeProvider _time;

    /// <summary>Makes a cleaner, which does nothing yet.</summary>
    /// <param name="zooKeeper">The ensemble, with the identity that may remove the znodes. Copied.</param>
    /// <param name="namespace">The namespace, as <see cref="NearCacheOptions.Namespace"/>.</param>
    /// <param name="loggers">Where events go. Default: nowhere.</param>
    /// <param name="time">The clock. Default: the system's.</param>
    /// <exception cref="ArgumentException">The namespace is no name of one, or the options have mistakes.</exception>
    public NamespaceCleaner(ZooKeeperOptions zooKeeper, string @namespace, ILoggerFactory? loggers = null, TimeProvider? time = null)
    {
        ArgumentNullException.ThrowIfNull(zooKeeper);
        if (!PlainName.Is(@namespace))
        {
            throw new ArgumentException($"\"{@namespace}\" is no name of a namespace.", nameof(@namespace));
        }

        if (zooKeeper.FindMistakes() is { Count: > 0 } mistakes)
        {
            throw new ArgumentException(string.Join(" ", mistakes), nameof(zooKeeper));
        }

        _zooKeeper = zooKeeper.Copy();
        _paths = new NamespacePaths(@namespace);
        _loggers = loggers;
        _time = time ?? TimeProvider.System;
    }

    /// <summary>Looks what there is, at the same rate, and removes nothing.</summary>
    /// <param name="options">Default: the defaults.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Ends it after the batch under way.</param>
    /// <exception cref="NearCacheException">ZooKeeper could not be asked, has a newer layout, or a list is too large.</exception>
    public Task<CleanerReport> FindAsync(CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(options, removes: false, progress, cancellationToken);

    /// <summary>Removes the leftovers.</summary>
    /// <param name="options">Default: the defaults.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Ends it after the batch under way.</param>
    /// <exception cref="NearCacheException">ZooKeeper could not be asked for long, has a newer layout, does not allow it, or a list is too large. What was removed stays so: run it again.</exception>
    public Task<CleanerReport> CleanAsync(CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(options, removes: true, progress, cancellationToken);

    private async Task<CleanerReport> RunAsync(CleanerOptions? options, bool removes, IProgress<CleanerReport>? progress, CancellationToken cancellationToken)
    {
        options ??= new CleanerOptions();
        options.Check();
        var own = _zooKeeper.Copy();
        own.RenewSession = true;

        // What servers accept is bounded by their jute.maxbuffer, what they answer is not: a client that allows it gets a long list in one piece.
        own.MaxMessageBytes = Math.Max(own.MaxMessageBytes, options.MaxListBytes);
        var client = new ZooKeeperClient(own, _loggers, null, _time);
        await using var end = client.ConfigureAwait(false);
        var sweep = new LeftoverSweep(client, _paths, options, Math.Min(_zooKeeper.MaxMessageBytes / 2, LeftoverSweep.MostBatchBytes), removes, progress, _time);
        try
        {
            return await sweep.RunAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
        {
            throw new NearCacheException($"The cleaner of {_paths.Home} broke off; run it again, it goes on from there. {e.Message}", e) { IsTransient = e.IsTransient };
        }
    }
}
