using System.Runtime.CompilerServices;
using NearCache.Rules;

namespace NearCache.Near;

/// <summary>
/// All rooms of a near store: one for each rule with limits of its own, one for all other rules, and a limit for all together.
/// </summary>
/// <remarks>Requires the store's lock, except for <see cref="Of"/>.</remarks>
internal sealed class NearRooms
{
    private readonly NearRoom _common = new();
    private readonly ConditionalWeakTable<ActiveRule, NearRule> _rules = [];
    private readonly List<NearRoom> _inUse = [];

    /// <summary>Gets or sets the largest number of entries of all rooms.</summary>
    public int MaxEntries { get; set; }

    /// <summary>Gets or sets the largest sum of sizes of all rooms.</summary>
    public long MaxBytes { get; set; }

    /// <summary>Gets the number of entries.</summary>
    public int Count { get; private set; }

    /// <summary>Gets the sum of the entries' sizes.</summary>
    public long Bytes { get; private set; }

    private bool IsShortOfBytes => (double)Bytes / MaxBytes > (double)Count / MaxEntries;

    /// <summary>Returns what the store keeps for a rule. Thread-safe.</summary>
    public NearRule Of(ActiveRule rule)
    {
        var (entries, bytes) = (rule.Rule.MaxEntries, rule.Rule.MaxBytes);
        if (!_rules.TryGetValue(rule, out var known) || (known.Room == _common && (entries, bytes) is not (null, null)))
        {
            // The rule is new, or it has been given limits: its entries from now on have a room of their own.
            known = new NearRule(rule, (entries, bytes) is (null, null) ? _common : new NearRoom());
            _rules.AddOrUpdate(rule, known);
        }

        if (known.Room != _common)
        {
            known.Room.SetLimits(entries ?? int.MaxValue, bytes ?? long.MaxValue);
        }

        return known;
    }

    /// <summary>Returns the room that must give way before an entry is added, or null if there is room.</summary>
    /// <param name="room">The entry's room.</param>
    /// <param name="bytes">By how much the entry adds to the sizes.</param>
    /// <param name="entries">By how much it adds to the number: 1, or 0 if it replaces one.</param>
    /// <param name="byBytes">Whether bytes are short, and not entries.</param>
    /// <remarks>
    /// A room that is full gives way itself. If all together are full, the largest does: no rule can push out the others.
    /// </remarks>
    public NearRoom? Crowded(NearRoom? room, long bytes, int entries, out bool byBytes)
    {
        byBytes = room?.IsShortOfBytes == true;
        if (room is { Count: > 0 } && room.IsFullFor(bytes, entries))
        {
            return room;
        }

        byBytes = IsShortOfBytes;
        return Bytes + bytes > MaxBytes || Count + entries > MaxEntries ? Largest(byBytes) : null;
    }

    /// <summary>Returns the room with most bytes or most entries, or null if all are empty.</summary>
    public NearRoom? Largest(bool byBytes) =>
        _inUse.Count == 1 ? _inUse[0] : byBytes ? _inUse.MaxBy(room => room.Bytes) : _inUse.MaxBy(room => room.Count);

    /// <summary>Adds an entry.</summary>
    /// <param name="entry">The entry.</param>
    /// <param name="replaced">The entry of the same key that it replaces.</param>
    public void Add(NearEntry entry, NearEntry? replaced)
    {
        var room = entry.Room;
        if (replaced is not null && replaced.Room != room)
        {
            Remove(replaced);
            replaced = null;
        }

        room.Add(entry, replaced);
        room.Learn(Math.Min(room.MaxEntries, MaxEntries), Math.Min(room.MaxBytes, MaxBytes));
        Count += replaced is null ? 1 : 0;
        Bytes += entry.Bytes - (replaced?.Bytes ?? 0);
        if (room.Count == 1 && !_inUse.Contains(room))
        {
            _inUse.Add(room);
        }
    }

    /// <summary>Removes an entry.</summary>
    public void Remove(NearEntry entry)
    {
        entry.Room.Remove(entry);
        Removed(entry);
    }

    /// <summary>Removes the entry that should leave a room first.</summary>
    public NearEntry? Evict(NearRoom room, bool byBytes, ref int passes, long now)
    {
        var victim = room.Evict(byBytes, ref passes, now);
        if (victim is not null)
        {
            Removed(victim);
        }

        return victim;
    }

    private void Removed(NearEntry entry)
    {
        Count--;
        Bytes -= entry.Bytes;
        if (entry.Room.Count == 0)
        {
            _inUse.Remove(entry.Room);
        }
    }
}
