using System.Text;
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

namespace NearCache.Writing;

/// <summary>Executes writes: together with their counters for a key with a rule, alone for any other key.</summary>
/// <remarks>This folder holds the path of a write.</remarks>
internal sealed class WritePath(
    KeyPlacement map,
    IRuleDecisions rules,
    ValueTranscoder format,
    SingleFlight flights,
    StaleStore stale,
    NearCacheMetrics metrics,
    TimeProvider time,
    NearCacheOptions options,
    KeyTraffic? traffic)
{
    /// <summary>Stores a value.</summary>
    public Task<MetaResponse> SetAsync<T>(
        string key, T value, TimeSpan lifetime, CancellationToken cancellationToken, TimeSpan? staleLifetime = null)
    {
        var place = map.Place(key);
        return MutateAsync(
            place,
            Store(place, value, lifetime, cancellationToken),
            "set",
            cancellationToken,
            remember: Remembers(place, value, staleLifetime));
    }

    /// <summary>Stores a value if the key is absent.</summary>
    /// <exception cref="NotSupportedException">The remote tier cannot add a key only if it is absent.</exception>
    public Task<MetaResponse> AddAsync<T>(
        string key, T value, TimeSpan lifetime, CancellationToken cancellationToken, TimeSpan? staleLifetime = null)
    {
        map.RequireMemcached("Adding and comparing");
        var place = map.Place(key);
        return MutateAsync(
            place,
            Store(place, value, lifetime, cancellationToken) with { Mode = MetaSetMode.Add },
            "add",
            cancellationToken,
            remember: Remembers(place, value, staleLifetime));
    }

    /// <summary>Stores a value if the item still has a version. Nothing is sent if the server has lost its items since.</summary>
    /// <exception cref="NotSupportedException">The remote tier has no versions.</exception>
    public Task<MetaResponse> CompareAndSetAsync<T>(
        string key, T value, CacheVersion version, TimeSpan lifetime, CancellationToken cancellationToken, TimeSpan? staleLifetime = null)
    {
        map.RequireMemcached("Adding and comparing");
        var place = map.Place(key);
        return MutateAsync(
            place,
            Store(place, value, lifetime, cancellationToken) with { CompareCas = version.Cas },
            "compare-and-set",
            cancellationToken,
            new CasOrigin(version.Epoch),
            Remembers(place, value, staleLifetime));
    }

    /// <summary>Removes a key.</summary>
    public Task<MetaResponse> RemoveAsync(string key, CancellationToken cancellationToken)
    {
        var place = map.Place(key);
        return MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", cancellationToken);
    }

    /// <summary>Stores many values, pipelined. Every key and value is validated before the first is sent.</summary>
    public Task SetManyAsync<T>(
        IEnumerable<KeyValuePair<string, T>> items, TimeSpan lifetime, CancellationToken cancellationToken, TimeSpan? staleLifetime = null)
    {
        map.ThrowIfClosed();
        var writes = items.Select(item =>
        {
            var place = map.Place(item.Key);
            return (
                Place: place,
                Command: Store(place, item.Value, lifetime, cancellationToken),
                Remember: Remembers(place, item.Value, staleLifetime));
        }).ToArray();
        return Task.WhenAll(
            writes.Select(write => MutateAsync(write.Place, write.Command, "set", cancellationToken, remember: write.Remember)));
    }

    /// <summary>Removes many keys, pipelined. Every key is validated before the first is sent.</summary>
    public Task RemoveManyAsync(IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        map.ThrowIfClosed();
        var places = keys.Select(map.Place).ToArray();
        return Task.WhenAll(places.Select(place => MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", cancellationToken)));
    }

    /// <summary>Changes the lifetime of an item.</summary>
    /// <exception cref="NotSupportedException">The remote tier cannot change a lifetime.</exception>
    public Task<MetaResponse> TouchAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        map.RequireMemcached("Touching");
        var place = map.Place(key);
        var command = MetaCommand.Get(place.Physical, MetaFields.None) with { TimeToLive = Expiry.Of(lifetime, time) };
        return MutateAsync(place, command, "touch", cancellationToken);
    }

    /// <summary>Increments a counter. Counters have no rules.</summary>
    public async Task<long> IncrementAsync(PlacedCounter place, long delta, TimeSpan? lifetime, CancellationToken cancellationToken)
    {
        var command = new MetaCommand
        {
            Kind = MetaCommandKind.Arithmetic,
            Key = place.Physical,
            Decrement = delta < 0,
            Delta = delta < 0 ? unchecked((ulong)-delta) : (ulong)delta,
            Initial = delta < 0 ? 0 : (ulong)delta,
            Vivify = lifetime is { } lives ? Expiry.Of(lives, time) : 0,
            Return = MetaFields.Value,
        };
        try
        {
            var response = await place.Server.Server.ExecuteAsync(command, cancellationToken).ConfigureAwait(false);
            return response.Status != MetaStatus.Error
                ? (long)response.Number
                : throw Refused(response, "increment", Encoding.UTF8.GetString(place.Name.Span));
        }
        catch (MemcachedException e)
        {
            metrics.RemoteFailed("increment");
            throw RemoteExceptions.Wrap(e, "increment", Encoding.UTF8.GetString(place.Name.Span));
        }
    }

    /// <summary>Sends a mutation. Cancellation ends only the wait: counters, owed counts and voiding continue.</summary>
    /// <param name="place">The key.</param>
    /// <param name="command">The mutation.</param>
    /// <param name="operation">The name of the operation in errors.</param>
    /// <param name="cancellationToken">Cancels the wait.</param>
    /// <param name="origin">Where the compared CAS was read; null if none is compared.</param>
    /// <param name="remember">Keeps the value as a stale value, given the key's epoch after the write; null keeps nothing.</param>
    public async Task<MetaResponse> MutateAsync(
        PlacedKey place,
        MetaCommand command,
        string operation,
        CancellationToken cancellationToken,
        CasOrigin? origin = null,
        Action<long>? remember = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var mutation = MutateAsync(place, command, origin, remember);
        try
        {
            return Checked(await mutation.WaitOrAbandonAsync(cancellationToken).ConfigureAwait(false), operation, place.Text);
        }
        catch (MemcachedException e)
        {
            metrics.RemoteFailed(operation);
            throw RemoteExceptions.Wrap(e, operation, place.Text);
        }
        catch (ArgumentException e)
        {
            // The client does not send values above MaxValueBytes, and memcached would refuse them.
            throw new NearCacheException($"{operation} was refused: {e.Message}", e) { Key = place.Text };
        }
    }

    private async Task<MetaResponse> MutateAsync(PlacedKey place, MetaCommand command, CasOrigin? origin, Action<long>? remember)
    {
        if (!map.IsFinal(place))
        {
            await map.RequirePrefixAsync(CancellationToken.None).ConfigureAwait(false);
            place = await map.FinalAsync(place, CancellationToken.None).ConfigureAwait(false);
            command = command with { Key = place.Physical };
        }

        var rule = rules.Match(place.Text);
        rule?.Counters.Written();
        var tried = rules.Try(place.Text);
        tried?.Written(place.Hash.Value);
        traffic?.Written(place.Hash, place.Text, rule is not null || tried is not null, KindOf(command), command.Value.Length);

        // The write ends the key's epoch once, and once more if it is counted. A further end is another change of unknown order.
        var expected = place.StaleEpoch + (remember is not null && rules.MustBump(place.Server, place.Text) ? 2 : 1);
        var isStored = false;
        try
        {
            var response = await (origin is { } of
                ? place.Server.CompareAsync(of, place.Physical, connection => SendAsync(place, command, rule, connection))
                : SendAsync(place, command, rule, connection: null)).ConfigureAwait(false);
            isStored = response.Status == MetaStatus.Ok;
            return response;
        }
        finally
        {
            // A later call neither joins an earlier factory nor receives the previous value.
            flights.Forget(place.Text);
            var epoch = stale.Drop(place.Text, place.Hash);
            if (isStored && epoch == expected)
            {
                remember?.Invoke(epoch);
            }
        }
    }

    private Task<MetaResponse> SendAsync(PlacedKey place, MetaCommand command, ActiveRule? rule, long? connection) =>
        rules.MustBump(place.Server, place.Text)
        ? place.Server.MutateAsync(command, place.Hash, place.Name, rule, connection)
        : SendUnmatchedAsync(place, command, connection);

    // A rule may have appeared since, or this process was paused and cannot know. The counters then follow before the call completes.
    private async Task<MetaResponse> SendUnmatchedAsync(PlacedKey place, MetaCommand command, long? connection)
    {
        MetaResponse response;
        try
        {
            response = connection is { } only
                ? (await place.Server.Server.ExecuteAsync(new[] { command }, only).ConfigureAwait(false)).Responses[0]
                : await place.Server.Server.ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false);
        }
        catch (MemcachedException e) when (e.OutcomeUnknown && rules.MayMatchNow(place.Server, place.Text))
        {
            place.Server.Owe(place.Hash, place.Name);
            throw;
        }

        if (await rules.MustBumpAfterAsync(place.Server, place.Text).ConfigureAwait(false))
        {
            await place.Server.BumpAsync(place.Hash, place.Name, rules.Match(place.Text)).ConfigureAwait(false);
        }

        return response;
    }

    private static KeyWriteKind KindOf(in MetaCommand command) => command switch
    {
        { Kind: MetaCommandKind.Get } => KeyWriteKind.Touch,
        { Mode: MetaSetMode.Add } => KeyWriteKind.Add,
        { CompareCas: not null } => KeyWriteKind.Compare,
        _ => KeyWriteKind.Change,
    };

    // A cancelled call ends before its mutation does.
    private MetaCommand Store<T>(PlacedKey place, T value, TimeSpan lifetime, CancellationToken cancellationToken) =>
        format.Set(place.Physical, value, lifetime, mayOutlive: cancellationToken.CanBeCanceled);

    // The bytes are copied now, because the caller may change the value after its call.
    private Action<long>? Remembers<T>(PlacedKey place, T value, TimeSpan? staleLifetime)
    {
        if ((staleLifetime ?? options.StaleLifetime) <= TimeSpan.Zero || format.CodecOf<T>() is not { MayBeStale: true } codec)
        {
            return null;
        }

        value = Immutability.Detach(value);
        ReadOnlyMemory<byte> bytes = value is null ? default : codec.SharesBytes ? codec.Encode(value).ToArray() : codec.Encode(value);
        return epoch => stale.Keep(place.Text, place.Hash, epoch, value, bytes, codec);
    }

    private static MetaResponse Checked(in MetaResponse response, string operation, string key) =>
        response.Status != MetaStatus.Error ? response : throw Refused(response, operation, key);

    private static NearCacheException Refused(in MetaResponse response, string operation, string key) =>
        new($"{operation} was refused by memcached: {response.Error}{RemedyOf(response)}", null) { Key = key };

    /// <summary>Returns the remedy for an item that memcached finds too large; otherwise an empty text.</summary>
    public static string RemedyOf(in MetaResponse response) => response.Error?.Contains("too large", StringComparison.Ordinal) == true
        ? ". An item, with its key and memcached's own bookkeeping, is larger than the server allows: its option -I, 1 MiB unless set. "
            + "Start memcached with a larger -I, with Memcached:MaxValueBytes "
            + "about 1 KiB below it; or store less, or set Compression."
        : "";
}
