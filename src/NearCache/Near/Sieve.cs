namespace NearCache.Near;

/// <summary>The entries in the order in which they came, and which of them goes when there is no room for another.</summary>
/// <remarks>
/// <para>
/// SIEVE (Zhang et al., NSDI 2024, https://www.usenix.org/conference/nsdi24/presentation/zhang-yazhuo): a hand moves from the oldest entry
/// to the newest and begins again. It passes over what was used since it last came by, and takes what was not. A hit only marks its entry,
/// so it needs no lock, and nothing moves.
/// </para>
/// <para>One caller at a time: the owner holds a lock.</para>
/// </remarks>
internal sealed class Sieve
{
    private NearEntry? _newest;
    private NearEntry? _oldest;
    private NearEntry? _hand;
    private NearEntry? _sweep;

    /// <summary>How many entries there are.</summary>
    public int Count { get; private set; }

    /// <summary>How many bytes they take, about.</summary>
    public long Bytes { get; private set; }

    /// <summary>A new entry.</summary>
    public void Add(NearEntry entry)
    {
        entry.Older = _newest;
        if (_newest is null)
        {
            _oldest = entry;
        }
        else
        {
            _newest.Newer = entry;
        }

        _newest = entry;
        Count++;
        Bytes += entry.Bytes;
    }

    /// <summary>An entry is taken out.</summary>
    public void Remove(NearEntry entry)
    {
        _hand = _hand == entry ? entry.Newer : _hand;
        _sweep = _sweep == entry ? entry.Newer : _sweep;
        if (entry.Older is null)
        {
            _oldest = entry.Newer;
        }
        else
        {
            entry.Older.Newer = entry.Newer;
        }

        if (entry.Newer is null)
        {
            _newest = entry.Older;
        }
        else
        {
            entry.Newer.Older = entry.Older;
        }

        // A reader may still hold it; it must not hold others.
        (entry.Older, entry.Newer) = (null, null);
        Count--;
        Bytes -= entry.Bytes;
    }

    /// <summary>Which entry is to go; null: there is none but <paramref name="newest"/>, which has just come.</summary>
    /// <param name="newest">An entry that stays, or null.</param>
    /// <param name="passes">How many entries may be passed over.</param>
    /// <param name="now">On the monotonic clock.</param>
    public NearEntry? Victim(NearEntry? newest, ref int passes, long now)
    {
        for (var entry = _hand ?? _oldest; entry is not null; passes--)
        {
            if (entry != newest && (!entry.IsUsed || passes <= 0 || entry.IsOver(now)))
            {
                _hand = entry;
                return entry;
            }

            entry.IsUsed = false;
            entry = entry.Newer ?? (Count > 1 ? _oldest : null);
        }

        return null;
    }

    /// <summary>Looks at some entries, each time at those that follow.</summary>
    /// <returns>One that is over; null: there was none among so many.</returns>
    public NearEntry? FindOver(ref int looks, long now)
    {
        while (looks-- > 0 && (_sweep ??= _oldest) is { } entry)
        {
            if (entry.IsOver(now))
            {
                return entry;
            }

            _sweep = entry.Newer;
        }

        return null;
    }
}
