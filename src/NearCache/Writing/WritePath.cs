using System.Text;
using NearCache.Coherence.Core;
using NearCache.Coherence.ServerRules;
using NearCache.Diagnostics;
using NearCache.Flights;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Remote;
using NearCache.Remote.Formats;
using NearCache.Rules;

namespace NearCache.Writing;

/// <summary>Mutations: of a key with a rule together with its bumps, of any other key alone.</summary>
internal sealed class WritePath(
    KeyPlacement map,
    IRuleDecisions rules,
    ValueTranscoder format,
    SingleFlight flights,
    StaleStore stale,
    NearCacheMetrics metrics,
    TimeProvider time,
    NearCacheOptions options)
{
    /// <summary>Stores.</summary>
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

    /// <summary>Stores where nothing is.</summary>
    /// <exception cref="NotSupportedException">The remote cannot say whether something is.</exception>
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

    /// <summary>Stores over the item that a version was read from. Nothing is sent if the server has lost its items since.</summary>
    /// <exception cref="NotSupportedException">The remote has no versions.</exception>
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

    /// <summary>Removes.</summary>
    public Task<MetaResponse> RemoveAsync(string key, CancellationToken cancellationToken)
    {
        var place = map.Place(key);
        return MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", cancellationToken);
    }

    /// <summary>Stores many, pipelined. Every key and value is looked at before the first is sent.</summary>
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

    /// <summary>Removes many, pipelined. Every key is looked at before the first is sent.</summary>
    public Task RemoveManyAsync(IEnumerable<string> keys, CancellationToken cancellationToken)
    {
        map.ThrowIfClosed();
        var places = keys.Select(map.Place).ToArray();
        return Task.WhenAll(places.Select(place => MutateAsync(place, MetaCommand.Delete(place.Physical), "remove", cancellationToken)));
    }

    /// <summary>Changes how long the item lives.</summary>
    /// <exception cref="NotSupportedException">The remote cannot.</exception>
    public Task<MetaResponse> TouchAsync(string key, TimeSpan lifetime, CancellationToken cancellationToken)
    {
        map.RequireMemcached("Touching");
        var place = map.Place(key);
        var command = MetaCommand.Get(place.Physical, MetaFields.None) with { TimeToLive = Expiry.Of(lifetime, time) };
        return MutateAsync(place, command, "touch", cancellationToken);
    }

    /// <summary>Counts; counters have no rules.</summary>
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

    /// <summary>Sends a mutation. Cancelling gives up the answer: bumps, debts and voiding go on.</summary>
    /// <param name="place">The key.</param>
    /// <param name="command">The mutation.</param>
    /// <param name="operation">What it is called in errors.</param>
    /// <param name="cancellationToken">Gives up the answer.</param>
    /// <param name="origin">Where the CAS that it compares was read; null: it compares none.</param>
    /// <param name="remember">
    /// Keeps the value for when it cannot be had again, given the key's epoch after the write; null: nothing is kept.
    /// </param>
    public async Task<MetaResponse> MutateAsync(
        PlacedKey place, MetaCommand command, string operation, CancellationToken cancellationToken, CasOrigin? origin = null, Action<long>? remember = null)
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
            // The client sends no value above MaxValueBytes; memcached would refuse it as well.
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
        rules.Try(place.Text)?.Written(place.Hash.Value);

        // The write itself ends the key's epoch once, and once more if it is counted. Any other end is another change, and its order is not
        // known.
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
            // A call that comes now does not join a factory that began before, nor get what was there before.
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

    // A rule may come meanwhile, or this process may have been away for so long that it cannot know: then the bumps follow before the
    // caller is told.
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

    // A call that is cancelled ends before its mutation does.
    private MetaCommand Store<T>(PlacedKey place, T value, TimeSpan lifetime, CancellationToken cancellationToken) =>
        format.Set(place.Physical, value, lifetime, mayOutlive: cancellationToken.CanBeCanceled);

    // The bytes are taken now: the caller may change the value when its call has ended.
    private Action<long>? Remembers<T>(PlacedKey place, T value, TimeSpan? staleLifetime)
    {
        if ((staleLifetime ?? options.StaleLifetime) <= TimeSpan.Zero || format.CodecOf<T>() is not { MayBeStale: true } codec)
        {
            return null;
        }

        ReadOnlyMemory<byte> bytes = value switch
        {
            null => default,
            byte[] => codec.Encode(value).ToArray(),
            _ => codec.Encode(value),
        };
        return epoch => stale.Keep(place.Text, place.Hash, epoch, value, bytes, codec);
    }

    private static MetaResponse Checked(in MetaResponse response, string operation, string key) =>
        response.Status != MetaStatus.Error ? response : throw Refused(response, operation, key);

    private static NearCacheException Refused(in MetaResponse response, string operation, string key) =>
        new($"{operation} was refused by memcached: {response.Error}{RemedyOf(response)}", null) { Key = key };

    /// <summary>What can be done about an item that memcached finds too large; else nothing.</summary>
    public static string RemedyOf(in MetaResponse response) => response.Error?.Contains("too large", StringComparison.Ordinal) == true
        ? ". An item, with its key and memcached's own bookkeeping, is larger than the server allows: its option -I, 1 MiB unless set. Start memcached with a larger -I, with Memcached:MaxValueBytes "
            + "about 1 KiB below it; or store less, or set Compression."
        : "";
}
