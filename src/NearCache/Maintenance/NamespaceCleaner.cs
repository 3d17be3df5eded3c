using Microsoft.Extensions.Logging;
using NearCache.Coherence.Ensemble;
using NearCache.Coherence.Namespaces;
using NearCache.Configuration;
using NearCache.ZooKeeper;

namespace NearCache;

/// <summary>
/// Removes what an older or foreign layout left under a namespace in ZooKeeper, such as a znode per key, and whole namespaces that nobody
/// uses.
/// </summary>
/// <remarks>
/// <para>
/// Of leftovers it touches nothing outside of <c>/nearcache/NAMESPACE</c>, and in it nothing that NearCache uses now (<c>config</c>,
/// <c>rules</c>, <c>members</c>, <c>slots</c> with its eight), nothing ephemeral, and nothing that was written lately. So it may run beside
/// living processes. It works in transactions of many deletes at a limited rate. What is gone is gone: a run that was cancelled or broke
/// off is resumed by running it again.
/// </para>
/// <para>
/// A whole namespace is removed in two steps, with a time between them: <see cref="PlanRemovalAsync"/> looks, and writes a file with the
/// rules; <see cref="RemoveAsync"/> removes what that file names, if nothing has happened there since. Other namespaces are neither listed
/// nor counted.
/// </para>
/// <para>It needs no cache: it has a session of its own for as long as it runs.</para>
/// </remarks>
public sealed class NamespaceCleaner
{
    private readonly ZooKeeperOptions _zooKeeper;
    private readonly string _namespace;
    private readonly NamespacePaths _paths;
    private readonly ILoggerFactory? _loggers;
    private readonly TimeProvider _time;

    /// <summary>Makes a cleaner, which does nothing yet.</summary>
    /// <param name="zooKeeper">The ensemble, with the identity that may remove the znodes. Copied.</param>
    /// <param name="namespace">The namespace, as <see cref="NearCacheOptions.Namespace"/>.</param>
    /// <param name="loggerFactory">Where events go. Default: nowhere.</param>
    /// <param name="timeProvider">The clock. Default: the system's.</param>
    /// <exception cref="ArgumentException">The namespace is no name of one, or the options have mistakes.</exception>
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

    /// <summary>Looks what there is, at the same rate, and removes nothing.</summary>
    /// <param name="options">Default: the defaults.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Ends it after the batch under way.</param>
    /// <exception cref="NearCacheException">ZooKeeper could not be asked, has a newer layout, or a list is too large.</exception>
    public Task<CleanerReport> FindAsync(
        CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(options, removes: false, progress, cancellationToken);

    /// <summary>Removes the leftovers.</summary>
    /// <param name="options">Default: the defaults.</param>
    /// <param name="progress">Told after each batch.</param>
    /// <param name="cancellationToken">Ends it after the batch under way.</param>
    /// <exception cref="NearCacheException">
    /// ZooKeeper could not be asked for long, has a newer layout, does not allow it, or a list is too large. What was removed stays so: run
    /// it again.
    /// </exception>
    public Task<CleanerReport> CleanAsync(
        CleanerOptions? options = null, IProgress<CleanerReport>? progress = null, CancellationToken cancellationToken = default) =>
        RunAsync(options, removes: true, progress, cancellationToken);

    /// <summary>
    /// Looks whether the whole namespace may be removed, and writes a file that says so, with everything that its rules are. Removes
    /// nothing.
    /// </summary>
    /// <param name="file">Where to write it; there must be none.</param>
    /// <param name="options">Default: the defaults.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="NearCacheException">It may not be removed, and why; or ZooKeeper could not be asked.</exception>
    /// <exception cref="IOException">The file could not be written, or there is one.</exception>
    public Task<NamespacePlan> PlanRemovalAsync(string file, CleanerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        options ??= new CleanerOptions();
        return WithClientAsync(options, "The removal was not planned.", async client =>
        {
            var record = await new NamespaceRemoval(client, _paths, _namespace, options, _time)
                .LookAsync(cancellationToken)
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
    /// Removes the whole namespace, in one transaction, as it was planned: if the plan is old enough, there is no member, and nothing was
    /// written and no process joined or left since.
    /// </summary>
    /// <param name="file">What <see cref="PlanRemovalAsync"/> wrote. It stays: the rules are in it.</param>
    /// <param name="options">Default: the defaults.</param>
    /// <param name="cancellationToken">Ends it; the transaction may still be done.</param>
    /// <exception cref="NearCacheException">It may not be removed, and why; or ZooKeeper could not be asked.</exception>
    /// <exception cref="IOException">The file could not be read.</exception>
    public async Task RemoveAsync(string file, CleanerOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(file);
        options ??= new CleanerOptions();
        if (!NamespaceRecord.TryRead(await File.ReadAllBytesAsync(file, cancellationToken).ConfigureAwait(false), out var planned))
        {
            throw new NearCacheException($"{file} is no plan of {nameof(PlanRemovalAsync)}, or of another version.", null);
        }

        await WithClientAsync(options, "Look whether it is gone before you try again.", async client =>
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
            "Run it again, it goes on from there.",
            client => new LeftoverSweep(
                client,
                _paths,
                options,
                Math.Min(_zooKeeper.MaxMessageBytes / 2, LeftoverSweep.MostBatchBytes),
                removes,
                progress,
                _time).RunAsync(cancellationToken));
    }

    private async Task<T> WithClientAsync<T>(CleanerOptions options, string remedy, Func<ZooKeeperClient, Task<T>> work)
    {
        options.Check();
        var own = _zooKeeper.Copy();
        own.RenewSession = true;

        // What servers accept is bounded by their jute.maxbuffer, what they answer is not: a client that allows it gets a long list in one
        // piece.
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
                $"The cleaner of {_paths.Home} broke off. {remedy} {e.Message}", e)
            { IsTransient = e.IsTransient };
        }
    }
}

/// <summary>A namespace whose removal is planned, see <see cref="NamespaceCleaner.PlanRemovalAsync"/>.</summary>
public sealed record NamespacePlan
{
    /// <summary>The namespace.</summary>
    public required string Namespace { get; init; }

    /// <summary>How many znodes go with it.</summary>
    public required int ZNodes { get; init; }

    /// <summary>When it was last written to, by the clock of the ensemble.</summary>
    public required DateTimeOffset LastChange { get; init; }

    /// <summary>Where the plan stands, with the rules.</summary>
    public required string File { get; init; }

    /// <summary>When it may be removed at the earliest, by the clock of this machine.</summary>
    public required DateTimeOffset RemovableFrom { get; init; }
}
