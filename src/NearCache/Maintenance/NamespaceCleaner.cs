using Microsoft.Extensions.Logging;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Namespaces;
using NearCache.Configuration;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>
/// Removes the leftovers of an older or foreign layout under a namespace in ZooKeeper, such as one znode per key, and whole unused
/// namespaces.
/// </summary>
/// <remarks>
/// <para>
/// Cleaning touches nothing outside of <c>/nearcache/NAMESPACE</c>. Inside it preserves the znodes that NearCache uses (<c>config</c>,
/// <c>rules</c>, <c>members</c>, and <c>slots</c> with its eight children), ephemeral znodes, and recently written znodes, so it may run
/// beside living processes. It deletes in batches at a limited rate. Deleted znodes cannot be restored. To resume a cancelled or failed
/// run, run it again.
/// </para>
/// <para>
/// A whole namespace is removed in two steps with a delay between them: <see cref="PlanRemovalAsync"/> checks the namespace and writes a
/// file with its rules; <see cref="RemoveAsync"/> removes what that file names, if nothing has changed since. Other namespaces are neither
/// listed nor counted.
/// </para>
/// <para>The cleaner needs no cache: it opens its own session for each run.</para>
/// </remarks>
public sealed class NamespaceCleaner
{
    private readonly ZooKeeperOptions _zooKeeper;
    private readonly string _namespace;
    private readonly NamespacePaths _paths;
    private readonly ILoggerFactory? _loggers;
    private readonly TimeProvider _time;

    /// <summary>Creates a cleaner. It does nothing yet.</summary>
    /// <param name="zooKeeper">The ensemble, with an identity that may remove the znodes; copied.</param>
    /// <param name="namespace">The namespace; see <see cref="NearCacheOptions.Namespace"/>.</param>
    /// <param name="loggerFactory">Creates the logger. Default: no logging.</param>
    /// <param name="timeProvider">The clock. Default: <see cref="TimeProvider.System"/>.</param>
    /// <exception cref="ArgumentException">The namespace or the options are invalid.</exception>
    public NamespaceCleaner(
        ZooKeeperOptions zooKeeper, string @namespace, ILoggerFactory? loggerFactory = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(zooKeeper);
        if (!NameSyntax.IsValid(@namespace))
        {
            throw new ArgumentException(
                $"\"{@namespace}\" is no name of a namespace: 1 to 64 letters, digits, '.', '_' and '-', and neither \".\" nor \"..\".",
                nameof(@namespace));
        }

        if (zooKeeper.FindMistakes() is { Count: > 0 } mistakes)
        {
            throw new ArgumentException(string.Join(" ", mistakes), nameof(zooKeeper));
        }

        _zooKeeper = zooKeeper.Copy();
        (_namespace, _paths) = (@namespace, new NamespacePaths(@namespace));
        _loggers = loggerFactory;
        _time = timeProvider ?? TimeProvider.System;
    }

    /// <summary>Counts the leftovers at the configured rate, and removes nothing.</summary>
    /// <param name="options">The options. Default: the defaults.</param>
    /// <param name="progress">Receives a report after each batch.</param>
    /// <param name="cancellationToken">Stops after the current batch.</param>
    /// <exception cref="NearCacheException">ZooKeeper failed, has a newer layout, or a list is too large.</exception>
    public Task<CleanerReport> FindAsync(
        CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(options, removes: false, progress, cancellationToken);

    /// <summary>Removes the leftovers.</summary>
    /// <param name="options">The options. Default: the defaults.</param>
    /// <param name="progress">Receives a report after each batch.</param>
    /// <param name="cancellationToken">Stops after the current batch.</param>
    /// <exception cref="NearCacheException">
    /// ZooKeeper failed for a long time, has a newer layout, denies access, or a list is too large. Run it again to continue.
    /// </exception>
    public Task<CleanerReport> CleanAsync(
        CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(options, removes: true, progress, cancellationToken);

    /// <summary>
    /// Verifies that the whole namespace may be removed, and writes a plan file that includes its rules. Removes nothing.
    /// </summary>
    /// <param name="file">The path of the plan; the file must not exist.</param>
    /// <param name="options">The options. Default: the defaults.</param>
    /// <param name="cancellationToken">Cancels the operation.</param>
    /// <exception cref="NearCacheException">The namespace may not be removed; the message states why. Or ZooKeeper failed.</exception>
    /// <exception cref="IOException">The file could not be written, or it exists.</exception>
    public Task<NamespacePlan> PlanRemovalAsync(string file, CleanerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        options ??= new CleanerOptions();
        return WithClientAsync(options, "The removal was not planned.", async client =>
        {
            var record = await new NamespaceRemoval(client, _paths, _namespace, options, _time)
                .ReadRecordAsync(cancellationToken)
                .ConfigureAwait(false);
            var stream = new FileStream(file, FileMode.CreateNew, FileAccess.Write);
            await using (stream.ConfigureAwait(false))
            {
                await stream.WriteAsync(record.Write(), cancellationToken).ConfigureAwait(false);
                stream.Flush(flushToDisk: true);
            }

            return new NamespacePlan
            {
                Namespace = _namespace,
                ZNodes = record.Nodes.Length,
                LastChange = record.LastChange,
                File = file,
                RemovableFrom = record.PlannedAt + options.PlannedFor,
            };
        });
    }

    /// <summary>
    /// Removes the whole namespace in one transaction, as planned. Requires a plan that is old enough, no member, and no write, join or
    /// leave since the plan.
    /// </summary>
    /// <param name="file">The plan that <see cref="PlanRemovalAsync"/> wrote. It is kept, because it holds the rules.</param>
    /// <param name="options">The options. Default: the defaults.</param>
    /// <param name="cancellationToken">Cancels the operation; the transaction may still be executed.</param>
    /// <exception cref="NearCacheException">The namespace may not be removed; the message states why. Or ZooKeeper failed.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public async Task RemoveAsync(string file, CleanerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        options ??= new CleanerOptions();
        if (!NamespaceRecord.TryRead(await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false), out var planned))
        {
            throw new NearCacheException($"{file} is not a plan of {nameof(PlanRemovalAsync)}, or was written by another version.", null);
        }

        await WithClientAsync(options, "Check whether it is gone before you try again.", async client =>
        {
            await new NamespaceRemoval(client, _paths, _namespace, options, _time)
                .RemoveAsync(planned, cancellationToken)
                .ConfigureAwait(false);
            return true;
        }).ConfigureAwait(false);
    }

    private Task<CleanerReport> RunAsync(
        CleanerOptions? options, bool removes, IProgress<CleanerReport>? progress, CancellationToken cancellationToken)
    {
        options ??= new CleanerOptions();
        return WithClientAsync(
            options,
            "Run it again to continue.",
            client => new LeftoverSweep(
                client,
                _paths,
                options,
                Math.Min(_zooKeeper.MaxMessageBytes / 2, LeftoverSweep.MaxBatchBytes),
                removes,
                progress,
                _time).RunAsync(cancellationToken));
    }

    private async Task<T> WithClientAsync<T>(CleanerOptions options, string remedy, Func<ZooKeeperClient, Task<T>> work)
    {
        options.Check();
        var own = _zooKeeper.Copy();
        own.RenewSession = true;

        // jute.maxbuffer bounds the requests that servers accept, not their replies: a client with a larger limit receives a long list in
        // one reply.
        own.MaxMessageBytes = Math.Max(own.MaxMessageBytes, options.MaxListBytes);
        var client = new ZooKeeperClient(own, _loggers, null, _time);
        await using var end = client.ConfigureAwait(false);
        try
        {
            return await work(client).ConfigureAwait(false);
        }
        catch (ZooKeeperException e)
        {
            throw new NearCacheException(
                $"The cleaner of {_paths.Home} failed. {remedy} {e.Message}", e)
            { IsTransient = e.IsTransient };
        }
    }
}

/// <summary>The plan of a namespace's removal; see <see cref="NamespaceCleaner.PlanRemovalAsync"/>.</summary>
public sealed record NamespacePlan
{
    /// <summary>Gets the namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>Gets the number of znodes that the removal deletes.</summary>
    public required int ZNodes { get; init; }

    /// <summary>Gets the time of the last write, by the clock of the ensemble.</summary>
    public required DateTimeOffset LastChange { get; init; }

    /// <summary>Gets the path of the plan, which includes the rules.</summary>
    public required string File { get; init; }

    /// <summary>Gets the earliest time of the removal, by the clock of this machine.</summary>
    public required DateTimeOffset RemovableFrom { get; init; }
}
