using System.Buffers.Binary;
using System.Security.Cryptography;
using NearCache.Coherence.Core;
using NearCache.Creating;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Near;
using NearCache.Placement;
using NearCache.Reading;
using NearCache.Remote;
using NearCache.Remote.Formats;
using NearCache.Tags;
using NearCache.Writing;

namespace NearCache.Adapters.Hybrid;

/// <summary>
/// Reads and removes tags. A tag is an item whose value is a random number. Removing the tag writes another number, which is counted and
/// announced like any near key.
/// </summary>
/// <remarks>A missing tag is created again with a new number. That can void entries, but never revive one.</remarks>
internal sealed class TagPath(KeyPlacement map, TagTable table, ReadPath reads, WritePath writes, ProcessEpochs epochs, NearClock clock)
{
    // The lifetime of a tag after its last read, which exceeds the lifetime of any entry created with it.
    private const int SecondsToLive = Expiry.LongestRelative;
    private const int MaxTries = 8;

    private static readonly uint Flags = new Envelope(ValueKind.Bytes).ToClientFlags();

    /// <summary>Returns the states of an item's tags with their versions, for the server of the entry.</summary>
    public TagDependency[] DependenciesOf(in PlacedKey place, TagVersion[] tags)
    {
        var gate = place.Server.Gate;
        if (tags.Length == 1)
        {
            return table.StateOf(tags[0].Name, gate).SingleDependency(tags[0].Version);
        }

        return Array.ConvertAll(tags, tag => new TagDependency(table.StateOf(tag.Name, gate), tag.Version));
    }

    /// <summary>
    /// Reads the versions for a new entry on this server: of all entries, and of its tags. Called before the value is created.
    /// </summary>
    /// <exception cref="MemcachedException">A version cannot be read.</exception>
    public async ValueTask<TagVersion[]> ReadAsync(PlacedKey place, IReadOnlyList<string> tags, CancellationToken cancellationToken)
    {
        var versions = new Task<ulong>[tags.Count + 1];
        versions[0] = VersionAsync(place, TagVersion.Everything, cancellationToken).AsTask();
        for (var i = 0; i < tags.Count; i++)
        {
            versions[i + 1] = VersionAsync(place, tags[i], cancellationToken).AsTask();
        }

        var read = await Task.WhenAll(versions).ConfigureAwait(false);
        return [.. read.Select((version, i) => new TagVersion(i == 0 ? TagVersion.Everything : tags[i - 1], version))];
    }

    /// <summary>Returns whether the tags of an entry are unchanged, by the versions known in this process.</summary>
    public bool AreCurrent(TagDependency[] dependencies)
    {
        while (true)
        {
            var confirmations = epochs.Confirmations;
            var now = clock.Now();
            foreach (var dependency in dependencies)
            {
                if (dependency.Tag.Current is not { } known || known.Version != dependency.Version || !known.IsServable(now))
                {
                    return false;
                }
            }

            if (confirmations == epochs.Confirmations)
            {
                return true;
            }
        }
    }

    /// <summary>Returns whether the tags of an entry are unchanged. Versions that are not known in this process are read.</summary>
    public async ValueTask<ValueVerdict> CheckAsync(PlacedKey place, TagDependency[] dependencies, CancellationToken cancellationToken)
    {
        if (AreCurrent(dependencies))
        {
            return ValueVerdict.Accept;
        }

        try
        {
            var versions = await Task.WhenAll(
                    dependencies.Select(dependency => VersionAsync(place, dependency.Tag.Name, cancellationToken).AsTask()))
                .ConfigureAwait(false);
            return versions.AsSpan().SequenceEqual(Array.ConvertAll(dependencies, dependency => dependency.Version))
                ? ValueVerdict.Accept
                : ValueVerdict.Replace;
        }
        catch (MemcachedException e)
        {
            reads.OnFailure<TagVersion>(e, "get tag", place.Text);
            return ValueVerdict.Unknown;
        }
    }

    /// <summary>Voids every entry with the tag; with <see cref="TagVersion.Everything"/>, all entries.</summary>
    /// <exception cref="NearCacheException">The write failed on at least one server, or its outcome is unknown.</exception>
    public async Task RemoveAsync(string tag, CancellationToken cancellationToken)
    {
        if (!map.IsPrefixKnown)
        {
            await map.RequirePrefixAsync(cancellationToken).ConfigureAwait(false);
        }

        IEnumerable<PlacedKey> places = tag == TagVersion.Everything
            ? map.Servers.Select(server => map.PlaceTag(tag, server))
            : [map.PlaceTag(tag, null)];
        await Task.WhenAll(places.Select(place => RemoveAsync(place, cancellationToken))).ConfigureAwait(false);
    }

    private Task<MetaResponse> RemoveAsync(PlacedKey place, CancellationToken cancellationToken) =>
        writes.MutateAsync(place, Write(place, Random()), "remove by tag", cancellationToken);

    private async ValueTask<ulong> VersionAsync(PlacedKey entry, string name, CancellationToken cancellationToken)
    {
        var place = map.PlaceTag(name, name == TagVersion.Everything ? entry.Server : null);
        var state = table.StateOf(name, place.Server.Gate);
        if (TryKnown(state, out var known))
        {
            return known;
        }

        var read = MetaCommand.Get(place.Physical, MetaFields.Value) with { TimeToLive = SecondsToLive };
        for (var i = 0; i < MaxTries; i++)
        {
            var fill = reads.BeginFill(place);
            var item = await place.Server.Server.ExecuteAsync(read, cancellationToken).ConfigureAwait(false);
            if (item.Status == MetaStatus.Ok && item.Value.Length == sizeof(ulong))
            {
                return Keep(state, place, fill, BinaryPrimitives.ReadUInt64BigEndian(item.Value.Span));
            }

            // The stored bytes are not a tag; a new random number replaces them.
            var version = Random();
            var mode = item.Status == MetaStatus.Miss ? MetaSetMode.Add : MetaSetMode.Set;
            var stored = await place.Server.Server.ExecuteAsync(Write(place, version) with { Mode = mode }, cancellationToken)
                .ConfigureAwait(false);
            if (stored.Status == MetaStatus.Ok && mode == MetaSetMode.Add)
            {
                return Keep(state, place, fill, version);
            }
        }

        // A number that is stored nowhere is never read again, so no other call accepts entries created with it.
        return Random();
    }

    private bool TryKnown(TagState state, out ulong version)
    {
        var confirmations = epochs.Confirmations;
        var current = state.Current;
        version = current?.Version ?? 0;
        return current is not null && current.IsServable(clock.Now()) && confirmations == epochs.Confirmations;
    }

    private static ulong Keep(TagState state, in PlacedKey place, NearFill? fill, ulong version)
    {
        if (fill is { } keep)
        {
            var lifetime = (long)keep.Rule.NearLifetime.TotalMilliseconds;
            var entry = new TagEntry(version, place.Server.Gate, keep.Rule, keep.Token, keep.Token.Sent.Monotonic + lifetime);
            state.Publish(entry, keep.Token);
        }

        return version;
    }

    private static MetaCommand Write(in PlacedKey place, ulong version)
    {
        var value = new byte[sizeof(ulong)];
        BinaryPrimitives.WriteUInt64BigEndian(value, version);
        return MetaCommand.Set(place.Physical, value, SecondsToLive) with { ClientFlags = Flags };
    }

    private static ulong Random()
    {
        Span<byte> bytes = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(bytes);
        return BinaryPrimitives.ReadUInt64LittleEndian(bytes);
    }
}
