using System.Text;
using NearCache.Coherence.Core;

namespace NearCache.Coherence.Slots.Core;

/// <summary>The announcements that wait for a slot: each key once, with its newest versions, and no more than fit into a slot.</summary>
/// <param name="mostBytes">The most bytes that wait, as encoded in a slot.</param>
/// <param name="keepsOverflow">
/// True if the remote has no counters: an overflow is kept as a mask of segments. False: an overflow is dropped and counted, and log
/// records and audits make up for it.
/// </param>
internal sealed class AnnouncementQueue(int mostBytes, bool keepsOverflow = false)
{
    private readonly Dictionary<(ulong Server, string Key), LinkedListNode<Announcement>> _byKey = [];
    private readonly LinkedList<Announcement> _order = new();
    private readonly Dictionary<ulong, ulong> _flushed = [];
    private int _bytes;

    /// <summary>Gets whether nothing waits.</summary>
    public bool IsEmpty => _order.Count == 0 && _flushed.Count == 0;

    /// <summary>Gets the number of waiting keys.</summary>
    public int Count => _order.Count;

    /// <summary>Gets how many announcements were merged into a waiting one.</summary>
    public long Merged { get; private set; }

    /// <summary>Gets how many announcements did not fit and were dropped, the oldest first.</summary>
    public long Dropped { get; private set; }

    /// <summary>Queues the announcement of a mutation.</summary>
    public void Add(ulong server, int segment, ReadOnlyMemory<byte> key, MutationVersion? version)
    {
        var id = (server, Encoding.Latin1.GetString(key.Span));
        IReadOnlyList<MutationVersion> versions = version is { } one ? [one] : [];
        if (_byKey.Remove(id, out var waiting))
        {
            Merged++;
            Unlink(waiting);
            versions = [.. versions.Concat(waiting.Value.Versions).OrderByDescending(known => known.N).Take(Announcement.MaxVersions)];
        }

        var node = _order.AddLast(new Announcement { Server = server, Segment = segment, Key = key, Versions = versions });
        _byKey[id] = node;
        _bytes += SlotEncoding.MaxBytes(node.Value);
        while (_bytes > mostBytes)
        {
            Overflow(_order.First!);
        }
    }

    /// <summary>Removes and returns all announcements, oldest first.</summary>
    public IReadOnlyList<Announcement> TakeAll()
    {
        List<Announcement> taken = [.. _flushed.Select(mask => new Announcement { Server = mask.Key, Flushed = mask.Value }), .. _order];
        _byKey.Clear();
        _order.Clear();
        _flushed.Clear();
        _bytes = 0;
        return taken;
    }

    /// <summary>Records that announcements could not be written: drops them, or keeps their segments.</summary>
    public void GiveUp(IReadOnlyList<Announcement> taken)
    {
        if (!keepsOverflow)
        {
            Dropped += taken.Count;
            return;
        }

        foreach (var announcement in taken)
        {
            Keep(announcement);
        }
    }

    private void Overflow(LinkedListNode<Announcement> oldest)
    {
        Unlink(oldest);
        _byKey.Remove((oldest.Value.Server, Encoding.Latin1.GetString(oldest.Value.Key.Span)));
        if (keepsOverflow)
        {
            Keep(oldest.Value);
        }
        else
        {
            Dropped++;
        }
    }

    private void Keep(Announcement announcement) =>
        _flushed[announcement.Server] = _flushed.GetValueOrDefault(announcement.Server)
            | (announcement.Flushed != 0 ? announcement.Flushed : 1ul << announcement.Segment);

    private void Unlink(LinkedListNode<Announcement> node)
    {
        _order.Remove(node);
        _bytes -= SlotEncoding.MaxBytes(node.Value);
    }
}
