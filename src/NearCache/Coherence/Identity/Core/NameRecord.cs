namespace NearCache.Coherence.Identity.Core;

/// <summary>
/// What is known of the identities behind one name: a multi-value register. An identity is current, as far as is known, until an audit that
/// was sent with the knowledge of it shows another. From then on it is superseded.
/// </summary>
/// <remarks>
/// One server never shows a superseded identity in an audit that was sent after this was known, since each life of the counters has another
/// identity. Knowledge of other processes is merged; the order in which it arrives makes no difference. Each fact has the number of the
/// event that brought it, and <see cref="IdentityLook"/> notes the last number at sending. Not thread-safe.
/// </remarks>
internal sealed class NameRecord
{
    /// <summary>The superseded identities of a name that are kept: the newest ones.</summary>
    public const int MaxPast = 32;

    // Usually there is one. Any program can write a document with more.
    private const int MaxCurrent = 32;

    private readonly Dictionary<string, Fact> _current = [];
    private readonly Dictionary<string, Fact> _past = [];

    /// <summary>Gets the identities that no audit has superseded. Usually one.</summary>
    public IReadOnlyCollection<string> Current => _current.Keys;

    /// <summary>Gets the superseded identities.</summary>
    public IEnumerable<PastIdentity> Past => _past.Select(fact => new PastIdentity(fact.Key, fact.Value.Wall, fact.Value.IsSimultaneous));

    /// <summary>Gets the highest total that was seen with the current identity; 0 if there is not exactly one.</summary>
    public long Total { get; private set; }

    /// <summary>Gets the wall-clock millisecond at which <see cref="Total"/> was seen.</summary>
    public long TotalAt { get; private set; }

    /// <summary>Notes the state before an audit is sent.</summary>
    public IdentityLook Sending(long number) => new(number, _current.Count == 1 ? _current.Keys.First() : null, Total);

    /// <summary>Returns the event that brought an identity as a current one; null if it is not current.</summary>
    public long? KnownSince(string id) => _current.TryGetValue(id, out var fact) ? fact.Number : null;

    /// <summary>Applies an audit that shows an identity, and the total of its counters.</summary>
    /// <param name="look">The state noted at sending.</param>
    /// <param name="id">The identity.</param>
    /// <param name="total">The total in the same reply.</param>
    /// <param name="number">The number of this event.</param>
    /// <param name="wall">The wall clock.</param>
    /// <param name="wasThere">
    /// Whether something showed the identity that cannot have led to another server since: the connection, or its return for the second
    /// time.
    /// </param>
    /// <param name="contradiction">If the result is a contradiction: the identity that should not have been shown.</param>
    public IdentityResult Observe(
        in IdentityLook look, string id, long total, long number, long wall, bool wasThere, out PastIdentity contradiction)
    {
        contradiction = default;
        var isPast = _past.TryGetValue(id, out var superseded);
        if (isPast && superseded.Number > look.Number)
        {
            return IdentityResult.InFlight;
        }

        var isOlder = !isPast && look.Current == id && total < look.Total;
        if (isOlder)
        {
            superseded = new Fact(number, TotalAt, false);
        }

        var isContradiction = isPast || isOlder;
        var isSimultaneous = isPast && (superseded.IsSimultaneous || wasThere);
        var changed = Supersede(look, id, number, wall, isSimultaneous);
        if (isContradiction)
        {
            MovePast(id, superseded with { IsSimultaneous = isSimultaneous });
            contradiction = new PastIdentity(id, superseded.Wall, isSimultaneous);
            Keep();
            return IdentityResult.Contradiction;
        }

        if (_current.TryAdd(id, new Fact(number, wall, false)))
        {
            changed = true;
            (Total, TotalAt) = (0, 0);
        }

        if (total > Total && _current.Count == 1)
        {
            (Total, TotalAt) = (total, wall);
        }

        Keep();
        return changed ? IdentityResult.Changed : IdentityResult.Same;
    }

    /// <summary>Merges what other processes know. Returns whether anything was new.</summary>
    public bool Merge(NameKnowledge other, long number)
    {
        var isNew = false;
        foreach (var (id, wall, isSimultaneous) in other.Past)
        {
            if (!_past.TryGetValue(id, out var known))
            {
                isNew = true;
                MovePast(id, new Fact(number, wall, isSimultaneous));
            }
            else if (isSimultaneous && !known.IsSimultaneous)
            {
                isNew = true;
                _past[id] = known with { IsSimultaneous = true };
            }
        }

        foreach (var id in other.Current)
        {
            if (_current.Count < MaxCurrent && !_past.ContainsKey(id) && _current.TryAdd(id, new Fact(number, 0, false)))
            {
                isNew = true;
                (Total, TotalAt) = (0, 0);
            }
        }

        if (_current.Count == 1 && other.Current is [var only] && _current.ContainsKey(only) && other.Total > Total)
        {
            (Total, TotalAt) = (other.Total, other.TotalAt);
        }

        Keep();
        return isNew;
    }

    /// <summary>Returns what this process knows, for other processes.</summary>
    public NameKnowledge Knowledge() => new([.. _current.Keys.Order(StringComparer.Ordinal)], [.. Past], Total, TotalAt);

    private bool Supersede(in IdentityLook look, string id, long number, long wall, bool isSimultaneous)
    {
        var known = look.Number;
        var superseded = _current.Where(fact => fact.Key != id && fact.Value.Number <= known).Select(fact => fact.Key).ToArray();
        foreach (var other in superseded)
        {
            MovePast(other, new Fact(number, wall, isSimultaneous));
        }

        return superseded.Length > 0;
    }

    private void MovePast(string id, in Fact fact)
    {
        _past[id] = fact;
        if (_current.Remove(id))
        {
            (Total, TotalAt) = (0, 0);
        }
    }

    private void Keep()
    {
        while (_past.Count > MaxPast)
        {
            _past.Remove(_past.MinBy(fact => fact.Value.Wall).Key);
        }
    }

    private readonly record struct Fact(long Number, long Wall, bool IsSimultaneous);
}

/// <summary>The state at the sending of an audit, kept until its reply.</summary>
/// <param name="Number">The last event before the sending.</param>
/// <param name="Current">The only current identity; null if there is none, or more than one.</param>
/// <param name="Total">The least total that this identity can show.</param>
internal readonly record struct IdentityLook(long Number, string? Current, long Total);

/// <summary>What one process tells others of a name.</summary>
/// <param name="Current">The identities that no audit has superseded.</param>
/// <param name="Past">The superseded identities.</param>
/// <param name="Total">The highest total of the current identity; 0 if unknown.</param>
/// <param name="TotalAt">When it was seen, in milliseconds of the wall clock.</param>
internal sealed record NameKnowledge(IReadOnlyList<string> Current, IReadOnlyList<PastIdentity> Past, long Total, long TotalAt)
{
    /// <summary>Gets the newest time in it, in milliseconds of the wall clock; 0 if there is none.</summary>
    public long NewestAt => Past.Select(past => past.Until).Append(TotalAt).Max();

    /// <summary>Returns the same with at most so many of the superseded identities, the newest ones.</summary>
    public NameKnowledge Newest(int past) =>
        Past.Count <= past ? this : this with { Past = [.. Past.OrderByDescending(one => one.Until).Take(past)] };
}

/// <summary>A superseded identity.</summary>
/// <param name="Id">The identity.</param>
/// <param name="Until">When another one was seen, in milliseconds of the wall clock.</param>
/// <param name="IsSimultaneous">Whether its server and another one were behind the name at one time.</param>
internal readonly record struct PastIdentity(string Id, long Until, bool IsSimultaneous);

/// <summary>Specifies what an audit means for the identity of a name.</summary>
internal enum IdentityResult
{
    /// <summary>The identity is as before.</summary>
    Same,

    /// <summary>The identity is new: the server was restarted or flushed, or was seen for the first time.</summary>
    Changed,

    /// <summary>The identity was superseded while the audit was in flight, which proves nothing.</summary>
    InFlight,

    /// <summary>The identity was superseded before the audit was sent, or its total is lower than one known before.</summary>
    Contradiction,
}
