using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;
using NearCache.Coherence.Core;
using NearCache.Coherence.ServerRules;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.HotKeys;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Remote;
using NearCache.Remote.Formats;
using NearCache.Rules;

namespace NearCache.Reading;

/// <summary>Reads values after a near miss: reads the remote tier, and keeps values that a rule matches near.</summary>
/// <remarks>This folder holds the path of a read, and prefetching.</remarks>
internal sealed class ReadPath(
    KeyPlacement map,
    IRuleDecisions rules,
    NearStore near,
    StaleStore stale,
    SharedTypes shared,
    NearClock clock,
    ValueTranscoder format,
    NearCacheMetrics metrics,
    ILogger logger,
    NearCacheOptions options,
    KeyTraffic? traffic)
{
    private const long UnreadableLogInterval = 10_000;
    private const int MaxInGroup = 500;
    private readonly LogThrottle _unreadableLog = new(UnreadableLogInterval);
    private volatile bool _hasFetched;

    /// <summary>The fields that every read requests.</summary>
    public const MetaFields Fields = MetaFields.Value | MetaFields.Cas | MetaFields.TimeToLive | MetaFields.ClientFlags;

    public ValueTask<CacheResult<T>> GetAsync<T>(string key, CancellationToken cancellationToken) =>
        TryGetNear<T>(key, out var found) ? new(found) : GetRemoteAsync<T>(key, cancellationToken);

    private ValueTask<CacheResult<T>> GetRemoteAsync<T>(string key, CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled<CacheResult<T>>(cancellationToken);
        }

        var place = map.Place(key);
        var fill = BeginFill(place);
        CountNearMiss(place.Text, fill);
        return place.Server.Server.TryGet(place.Physical, out var item)
            ? new(Receive<T>(place, fill, item))
            : GetRemoteAsync<T>(place, fill, MetaCommand.Get(place.Physical, Fields), cancellationToken);
    }

    public ValueTask<IReadOnlyDictionary<string, CacheResult<T>>> GetManyAsync<T>(
        IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        NearResults<T>? found = null;
        return !cancellationToken.IsCancellationRequested && TryGetAllNear(keys, ref found)
            ? new(found)
            : GetManyAsync(keys, found, cancellationToken);
    }

    // Found: the results up to the first key that is not near.
    private bool TryGetAllNear<T>(IEnumerable<string> keys, [NotNullWhen(true)] ref NearResults<T>? found)
    {
        if (keys is not IList<string> { Count: > 0 and <= NearResults<T>.MaxKeys } list)
        {
            return false;
        }

        found = NearResults<T>.For(list.Count);
        if (list is string[] array)
        {
            return found.TryAddAll(near, array);
        }

        var copy = ArrayPool<string>.Shared.Rent(list.Count);
        try
        {
            list.CopyTo(copy, 0);
            return found.TryAddAll(near, copy.AsSpan(0, list.Count));
        }
        finally
        {
            ArrayPool<string>.Shared.Return(copy, clearArray: true);
        }
    }

    private async ValueTask<IReadOnlyDictionary<string, CacheResult<T>>> GetManyAsync<T>(
        IEnumerable<string> keys, NearResults<T>? found, CancellationToken cancellationToken)
    {
        map.ThrowIfClosed();
        cancellationToken.ThrowIfCancellationRequested();
        if (!map.IsPrefixKnown)
        {
            await map.PrefixKnownAsync(cancellationToken).ConfigureAwait(false);
        }

        var results = new Dictionary<string, CacheResult<T>>(StringComparer.Ordinal);
        var missing = new List<Reading>();
        foreach (var key in keys)
        {
            if (!results.TryAdd(key, default))
            {
                continue;
            }

            var result = default(CacheResult<T>);
            if (found?.TryGetValue(key, out result) == true || near.TryGet(key, out result) || TryGetNear(key, out result))
            {
                results[key] = result;
            }
            else
            {
                var place = map.Place(key);
                var fill = BeginFill(place);
                CountNearMiss(place.Text, fill);
                missing.Add(new Reading(key, place, fill));
            }
        }

        // Every token is taken before the first byte is sent. A failing server affects only its own keys, at most those without a reply.
        var groups = missing.GroupBy(read => read.Place.Server)
            .SelectMany(group => group.Chunk(MaxInGroup))
            .Select(group => GetGroupAsync<T>(group, cancellationToken));
        foreach (var group in await Task.WhenAll(groups).ConfigureAwait(false))
        {
            foreach (var (key, result) in group)
            {
                results[key] = result;
            }
        }

        return results;
    }

    /// <summary>Takes a fill token if the key may be kept near. Must be called before the read is sent.</summary>
    public NearFill? BeginFill(in PlacedKey place)
    {
        var rule = rules.Match(place.Text);
        rule?.Counters.RemoteRead();
        var now = clock.Now();
        var tried = rules.Try(place.Text);
        tried?.Read(place.Hash.Value, now.Monotonic);
        traffic?.Read(place.Hash, place.Text, isCovered: rule is not null || tried is not null);
        if (rule is null || !rules.MayFill(place.Server, rule, now, out var generation))
        {
            return null;
        }

        return new NearFill(rule, place.Server.Gate.BeginFill(place.Hash, place.Ring, generation, now));
    }

    /// <summary>Marks what a flight reads now as current; where a rule keeps the key near, it may be as stale as a near hit.</summary>
    public static void MarkCurrent(Flight flight, in NearFill? fill) =>
        flight.MarkCurrentAsOf(
            flight.Now(), fill is { Rule: { } rule } ? TimeSpan.FromMilliseconds(rule.MaxStalenessMilliseconds) : TimeSpan.Zero);

    /// <summary>Begins to measure a remote read, if it is one of a sample.</summary>
    /// <returns>The argument of <see cref="EndRead"/>.</returns>
    public long StartRead(in PlacedKey place) => traffic?.Begin(place.Text) ?? 0;

    /// <summary>Ends the measurement of a remote read.</summary>
    public void EndRead(in PlacedKey place, long began) => traffic?.End(place.Hash, place.Text, began);

    /// <summary>Counts a read that extends the lifetime of its item.</summary>
    public void Extended(in PlacedKey place) =>
        traffic?.Written(place.Hash, place.Text, isCovered: false, KeyWriteKind.Extension, bytes: 0);

    /// <summary>Converts an item to a result, and keeps it near if the fill's token is still valid.</summary>
    public CacheResult<T> Receive<T>(in PlacedKey place, in NearFill? fill, in MetaResponse item)
    {
        traffic?.Received(place.Hash, place.Text, item.Value.Length);
        return format.IsCompressed(item)
            ? (TryUnpack(place, item, out var plain) ? ReceivePlain<T>(place, fill, plain) : default)
            : ReceivePlain<T>(place, fill, item);
    }

    private CacheResult<T> ReceivePlain<T>(in PlacedKey place, in NearFill? fill, in MetaResponse item)
    {
        if (!format.TryRead<T>(item, out var value, out var reason, out var exception))
        {
            if (reason is not null)
            {
                Unreadable(place, reason, exception);
            }

            metrics.Read("miss");
            return default;
        }

        var version = item.Cas == 0 ? CacheVersion.None : new CacheVersion(item.Cas, place.Life);
        if (fill is { } keep)
        {
            KeepNear(place, keep, value!, item.Value, item.TimeToLive, version);
        }

        if (options.StaleLifetime > TimeSpan.Zero && format.CodecOf<T>() is { MayBeStale: true } codec)
        {
            stale.Keep(place.Text, place.Hash, place.StaleEpoch, value, item.Value, codec);
        }

        metrics.Read("remote");
        return new CacheResult<T>(value!, CacheSource.Remote, 0, version);
    }

    /// <summary>
    /// Keeps a value near. The remote tier holds it for <paramref name="secondsLeft"/> more, counted from the time the read was sent.
    /// </summary>
    public void KeepNear<T>(
        in PlacedKey place, in NearFill fill, T value, ReadOnlyMemory<byte> bytes, int secondsLeft, CacheVersion version)
    {
        if (secondsLeft is 0 or 1)
        {
            metrics.FillDiscarded("expiring");
            return;
        }

        // Shortened at random, so that entries filled together do not expire together.
        var lifetime = Math.Min(
            (long)(fill.Rule.NearLifetime.TotalMilliseconds * (1 - (options.LifetimeJitter * Random.Shared.NextDouble()))), fill.Limit);
        if (secondsLeft > 0)
        {
            // t is in whole seconds: the item may expire almost one second earlier.
            lifetime = Math.Min(lifetime, (secondsLeft - 1) * 1000L);
        }

        var token = fill.Token;
        var expiresAt = token.Sent.Monotonic + lifetime;
        var gate = place.Server.Gate;
        var validity = near.ValidityOf(fill.Rule, gate, token);
        var kept = Kept(value, bytes, fill.Rule);
        var entry = new NearEntry(place.Text, kept, SizeOf(kept, value, bytes), validity, token.Sent.Monotonic, expiresAt, version);
        if (!near.TryInsert(entry, gate, token))
        {
            metrics.FillDiscarded("changed");
        }
    }

    /// <summary>Keeps a prefetched item near.</summary>
    /// <returns>True if the item holds a value; otherwise, false.</returns>
    public bool KeepPrefetched(in PlacedKey place, in NearFill fill, in MetaResponse item)
    {
        var plain = item;
        if (item.Status != MetaStatus.Ok
            || ValueTranscoder.IsPlaceHolder(item)
            || (format.IsCompressed(item) && !TryUnpack(place, item, out plain)))
        {
            return false;
        }

        _hasFetched = true;
        KeepNear(
            place,
            fill,
            new SerializedValue(plain.Value, new UndecodedFormat(plain.ClientFlags)),
            plain.Value,
            plain.TimeToLive,
            new CacheVersion(plain.Cas, place.Life));
        return true;
    }

    /// <summary>Finds a prefetched value on its first read, and turns it into a regular entry.</summary>
    public bool TryGetPrefetched<T>(string key, out CacheResult<T> result)
    {
        result = default;
        if (!_hasFetched || near.Find(key) is not { Value: SerializedValue { Undecoded: { } fetched } raw } entry)
        {
            return false;
        }

        // An unreadable value is read again from the remote, and reported then.
        var item = new MetaResponse { Status = MetaStatus.Ok, Value = raw.Bytes, ClientFlags = fetched.ClientFlags };
        if (!format.TryRead<T>(item, out var value, out _, out _))
        {
            return false;
        }

        var kept = Kept(value, raw.Bytes, entry.Rule);
        entry.ReplaceValue(kept);
        near.Resize(entry, SizeOf(kept, value!, raw.Bytes));
        return near.TryGet(key, out result);
    }

    /// <summary>Returns whether all callers may share one instance, because of the type or the key's rule.</summary>
    public bool SharesInstances<T>(in PlacedKey place) => shared.Has<T>() || RuleOf(place) is { Rule.ShareValues: true };

    // Finds what a near lookup by the key itself does not: a prefetched value, or a key with a hashed name.
    private bool TryGetNear<T>(string key, out CacheResult<T> result) =>
        TryGetPrefetched(key, out result)
            || (map.HasName(key, out var name) && (near.TryGet(name, out result) || TryGetPrefetched(name, out result)));

    private object? Kept<T>(T? value, ReadOnlyMemory<byte> bytes, ActiveRule rule) =>
        shared.Has<T>() || rule.Rule.ShareValues || value is null or SerializedValue
            ? value
            : new SerializedValue(bytes, format.CodecOf<T>());

    // Strings take two bytes per character, most of which are one byte in UTF-8.
    private long SizeOf<T>(object? kept, T value, ReadOnlyMemory<byte> bytes) =>
        typeof(T) == typeof(string) ? sizeof(char) * (long)bytes.Length
        : !RuntimeHelpers.IsReferenceOrContainsReferences<T>() || kept is null or SerializedValue ? bytes.Length
        : format.CodecOf<T>().MemoryOf(value, bytes);

    /// <summary>Handles a failed read by the options: a miss, a stale value, or an exception.</summary>
    /// <param name="exception">The failure.</param>
    /// <param name="operation">The operation.</param>
    /// <param name="key">The name of the key.</param>
    /// <param name="mayServe">Returns whether a stale value may be served; null for always.</param>
    public CacheResult<T> OnFailure<T>(
        MemcachedException exception, string operation, string key, Func<CacheResult<T>, bool>? mayServe = null)
    {
        metrics.RemoteFailed(operation);
        if (options.OnRemoteFailure == RemoteFailurePolicy.Throw)
        {
            throw RemoteExceptions.Wrap(exception, operation, key);
        }

        if (options.OnRemoteFailure == RemoteFailurePolicy.ServeStale
            && stale.TryGet<T>(key, options.StaleLifetime, out var result)
            && mayServe?.Invoke(result) != false)
        {
            metrics.StaleServed("remote");
            logger.RemoteFailed(exception, operation, "a stale value");
            return result;
        }

        logger.RemoteFailed(exception, operation, "a miss");
        return default;
    }

    /// <summary>Counts the reason of a near miss for a key with a rule.</summary>
    public void CountNearMiss(string key, in NearFill? fill)
    {
        if (metrics.ObservesNearMisses && fill is { } wanted)
        {
            metrics.NearMissed(near.Find(key)?.ReasonNotServed(wanted.Token.Sent) ?? "absent");
        }
    }

    /// <summary>Returns the rule that matches a key now.</summary>
    public ActiveRule? RuleOf(in PlacedKey place) => rules.Match(place.Text);

    private bool TryUnpack(in PlacedKey place, in MetaResponse item, out MetaResponse plain)
    {
        if (format.TryDecompress(item, out plain, out var exception))
        {
            return true;
        }

        Unreadable(place, "compression", exception);
        metrics.Read("miss");
        return false;
    }

    // Counted each time but logged rarely: values of another client may be read thousands of times per second.
    private void Unreadable(in PlacedKey place, string reason, Exception? exception)
    {
        metrics.ValueUnreadable(reason);
        if (_unreadableLog.ShouldLog(clock.Monotonic()))
        {
            logger.ValueUnreadable(exception, place.Server.Server.Name, reason);
        }
    }

    private async ValueTask<CacheResult<T>> GetRemoteAsync<T>(
        PlacedKey place, NearFill? fill, MetaCommand command, CancellationToken cancellationToken)
    {
        if (!map.IsFinal(place))
        {
            place = await map.FinalAsync(place, cancellationToken).ConfigureAwait(false);
            (fill, command) = (null, command with { Key = place.Physical });
        }

        MetaResponse item;
        var began = StartRead(place);
        try
        {
            item = await place.Server.Server.ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
        }
        catch (MemcachedException e)
        {
            return OnFailure<T>(e, "get", place.Text);
        }

        EndRead(place, began);
        return Receive<T>(place, fill, item);
    }

    private async Task<List<(string Key, CacheResult<T> Result)>> GetGroupAsync<T>(Reading[] reads, CancellationToken cancellationToken)
    {
        var results = new List<(string Key, CacheResult<T> Result)>(reads.Length);
        var commands = Array.ConvertAll(reads, read => MetaCommand.Get(read.Place.Physical, Fields));
        try
        {
            var reply = await reads[0].Place.Server.Server.ExecuteAsync(commands)
                .WaitOrAbandonAsync(cancellationToken)
                .ConfigureAwait(false);
            for (var i = 0; i < reads.Length; i++)
            {
                results.Add((reads[i].Key, Receive<T>(reads[i].Place, reads[i].Fill, reply.Responses[i])));
            }
        }
        catch (MemcachedException e)
        {
            results.AddRange(reads.Select(read => (read.Key, OnFailure<T>(e, "get", read.Place.Text))));
        }

        return results;
    }

    private readonly record struct Reading(string Key, PlacedKey Place, NearFill? Fill);
}

/// <summary>The permission to keep the result of a read near: its rule, and the token taken before the read was sent.</summary>
/// <param name="Rule">The rule.</param>
/// <param name="Token">The token.</param>
/// <param name="Limit">The greatest near lifetime in milliseconds, whatever the rule permits.</param>
internal readonly record struct NearFill(ActiveRule Rule, FillToken Token, long Limit = long.MaxValue);
