using NearCache.Coherence.Core;

namespace NearCache.Coherence.Identity.Core;

/// <summary>
/// What this process knows of the identities behind all names, and which names are in conflict: the deterministic part of comparing.
/// </summary>
/// <remarks>
/// Each event has a number, so that "sent after it was known" is a comparison of two numbers. Thread-safe: audits, probes and the exchange
/// with other processes share it. Callbacks run without the lock.
/// </remarks>
/// <param name="changed">Called when something is new that other processes should know.</param>
/// <param name="raised">Called when a name gets into a conflict, before the audit that showed it can confirm.</param>
/// <param name="cleared">Called when a name is no longer in a conflict.</param>
/// <param name="explained">Called once for a conflict, when its case is certain.</param>
internal sealed class IdentityRegister(
    Action<string>? changed = null,
    Action<IdentityConflict>? raised = null,
    Action<string>? cleared = null,
    Action<IdentityConflict>? explained = null)
{
    /// <summary>
    /// The milliseconds for which old contents are examined before they are reported: a balancer whose connections were cut looks the same
    /// until a probe or another process shows the other server.
    /// </summary>
    public const long ExaminationTime = 30_000;

    /// <summary>The milliseconds without a contradiction after which a conflict is over: more than two rounds of probes.</summary>
    public const long QuietTime = 150_000;

    private const int MaxConnections = 64;

    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<string, Name> _names = [];
    private long _number;

    /// <summary>Gets the conflicts of the present.</summary>
    public IReadOnlyList<IdentityConflict> Conflicts
    {
        get
        {
            lock (_lock)
            {
                return [.. _names.Values.Select(name => name.Conflict).OfType<IdentityConflict>()];
            }
        }
    }

    /// <summary>
    /// Returns whether an audit of a name may confirm: the name is in no conflict, and its addresses are compared if it has several.
    /// </summary>
    public bool MayConfirm(string server)
    {
        lock (_lock)
        {
            return !_names.TryGetValue(server, out var name) || (name.Conflict is null && !name.AwaitsAddresses);
        }
    }

    /// <summary>Returns whether the addresses of a name were not compared yet.</summary>
    public bool AwaitsAddresses(string server)
    {
        lock (_lock)
        {
            return _names.TryGetValue(server, out var name) && name.AwaitsAddresses;
        }
    }

    /// <summary>Returns whether a name is in a conflict whose case is not certain yet.</summary>
    public bool IsExamined(string server)
    {
        lock (_lock)
        {
            return _names.TryGetValue(server, out var name) && name is { Conflict: not null, IsExplained: false };
        }
    }

    /// <summary>Keeps the audits of a name from confirming until its addresses were compared.</summary>
    public void AwaitAddresses(string server)
    {
        lock (_lock)
        {
            Of(server).AwaitsAddresses = true;
        }
    }

    /// <summary>Returns whether an identity behind a name is superseded, so that it must not be stored again.</summary>
    public bool IsPast(string server, string id)
    {
        lock (_lock)
        {
            return _names.TryGetValue(server, out var name) && name.Record.Past.Any(past => past.Id == id);
        }
    }

    /// <summary>Notes the state before an audit of a name is sent.</summary>
    public IdentityLook Sending(string server)
    {
        lock (_lock)
        {
            return Of(server).Record.Sending(_number);
        }
    }

    /// <summary>Applies an audit that shows an identity. A reply without one is not passed: it means nothing.</summary>
    /// <param name="server">The name.</param>
    /// <param name="look">The state noted at sending.</param>
    /// <param name="id">The identity.</param>
    /// <param name="total">The total in the same reply.</param>
    /// <param name="connection">The connection. One connection leads to one process of memcached.</param>
    /// <param name="now">The time of the reply.</param>
    public void Observe(string server, in IdentityLook look, string id, long total, long connection, in Timestamps now)
    {
        var found = new Found([], []);
        bool isNew, isCleared = false;
        lock (_lock)
        {
            var name = Of(server);
            var wasThere = (name.Connections.TryGetValue(connection, out var last) && last.Id == id && total >= last.Total)
                || (name.Contradicted is { } other && other != id);
            var result = name.Record.Observe(look, id, total, ++_number, now.Wall, wasThere, out var past);
            isNew = result == IdentityResult.Changed;
            name.Seen = result == IdentityResult.InFlight ? name.Seen : id;
            if (result == IdentityResult.Contradiction)
            {
                (isNew, name.Contradicted) = (name.Contradicted != id, id);
                var kind = past.IsSimultaneous ? IdentityConflictKind.TwoServers : IdentityConflictKind.OldContents;
                Raise(name, new IdentityConflict(server, kind, Until: past.Until), now, found);
                Explain(name, now, found);
            }
            else if (result != IdentityResult.InFlight)
            {
                name.Last = new Shown(id, total, look.Number);
                name.LastNumber = _number;
                name.Remember(connection, new Shown(id, total, look.Number));
                Explain(name, now, found);
                isCleared = !CompareNames(name, server, look, id, now, found) && IsOver(name, now);
            }
        }

        Report(server, isNew, found, isCleared);
    }

    /// <summary>Records that the addresses of a name were compared.</summary>
    /// <param name="server">The name.</param>
    /// <param name="addresses">The addresses that are different servers, as text; null if all are one server.</param>
    /// <param name="now">The time.</param>
    public void ObserveAddresses(string server, string? addresses, in Timestamps now)
    {
        var found = new Found([], []);
        var isCleared = false;
        lock (_lock)
        {
            var name = Of(server);
            name.AwaitsAddresses = false;
            if (addresses is not null)
            {
                Raise(name, new IdentityConflict(server, IdentityConflictKind.SeveralAddresses, addresses), now, found);
            }
            else
            {
                Explain(name, now, found);
                isCleared = IsOver(name, now);
            }
        }

        Report(server, isNew: false, found, isCleared);
    }

    /// <summary>Merges what other processes know of a name.</summary>
    public void Merge(string server, NameKnowledge other)
    {
        lock (_lock)
        {
            Of(server).Record.Merge(other, ++_number);
        }
    }

    /// <summary>Returns what this process knows of a name; null if it knows nothing.</summary>
    public NameKnowledge? Knowledge(string server)
    {
        lock (_lock)
        {
            return _names.TryGetValue(server, out var name) ? name.Record.Knowledge() : null;
        }
    }

    /// <summary>Returns the identity that the audits of this process showed last, even in a conflict; null if none was shown.</summary>
    public string? Seen(string server)
    {
        lock (_lock)
        {
            return _names.GetValueOrDefault(server)?.Seen;
        }
    }

    /// <summary>Forgets all names but those of the present list of servers.</summary>
    public void Keep(IReadOnlySet<string> servers)
    {
        lock (_lock)
        {
            foreach (var gone in _names.Keys.Where(name => !servers.Contains(name)).ToArray())
            {
                _names.Remove(gone);
            }
        }
    }

    // Requires _lock.
    private Name Of(string server)
    {
        if (!_names.TryGetValue(server, out var name))
        {
            _names[server] = name = new Name();
        }

        return name;
    }

    // Requires _lock. B showed the identity, then A did in an audit that was sent later, and now B does again: a name that only moved to
    // another machine does not alternate. Returns whether two names share the server.
    private bool CompareNames(
        Name name, string server, in IdentityLook look, string id, in Timestamps now, in Found found)
    {
        var isShared = false;
        foreach (var (other, behind) in _names)
        {
            if (other != server
                && behind.Last is { } last
                && last.Id == id
                && last.Number >= name.Record.KnownSince(id)
                && look.Number >= behind.LastNumber)
            {
                isShared = true;
                Raise(behind, new IdentityConflict(other, IdentityConflictKind.SharedServer, server), now, found);
                Raise(name, new IdentityConflict(server, IdentityConflictKind.SharedServer, other), now, found);
            }
        }

        return isShared;
    }

    // Requires _lock. A conflict is raised once, and again only if the case is another. Several addresses explain every other case, and two
    // servers explain old contents.
    private static void Raise(Name name, IdentityConflict conflict, in Timestamps now, in Found found)
    {
        name.EvidenceAt = now.Monotonic;
        var (before, isOld) = (name.Conflict?.Kind, conflict.Kind == IdentityConflictKind.OldContents);
        if (before == conflict.Kind
            || before == IdentityConflictKind.SeveralAddresses
            || (before == IdentityConflictKind.TwoServers && isOld))
        {
            return;
        }

        (name.Conflict, name.IsExplained) = (conflict, false);
        name.ExplainAt = now.Monotonic + (isOld ? ExaminationTime : 0);
        found.Raised.Add(conflict);
        Explain(name, now, found);
    }

    // Requires _lock.
    private static void Explain(Name name, in Timestamps now, in Found found)
    {
        if (name is { Conflict: { } conflict, IsExplained: false } && now.Monotonic >= name.ExplainAt)
        {
            name.IsExplained = true;
            found.Explained.Add(conflict);
        }
    }

    // Requires _lock. Ends the conflict of a name if there was no evidence for long.
    private static bool IsOver(Name name, in Timestamps now)
    {
        if (name.Conflict is null || now.Monotonic - name.EvidenceAt < QuietTime)
        {
            return false;
        }

        (name.Conflict, name.Contradicted) = (null, null);
        return true;
    }

    private void Report(string server, bool isNew, in Found found, bool isCleared)
    {
        foreach (var conflict in found.Raised)
        {
            raised?.Invoke(conflict);
        }

        foreach (var conflict in found.Explained)
        {
            explained?.Invoke(conflict);
        }

        if (isNew)
        {
            changed?.Invoke(server);
        }

        if (isCleared)
        {
            cleared?.Invoke(server);
        }
    }

    private sealed class Name
    {
        public NameRecord Record { get; } = new();

        // What each connection showed last that was no contradiction. One connection leads to one process of memcached.
        public Dictionary<long, Shown> Connections { get; } = [];

        public IdentityConflict? Conflict { get; set; }

        public string? Seen { get; set; }

        public bool AwaitsAddresses { get; set; }

        // The monotonic millisecond from which the case of the conflict counts as certain.
        public long ExplainAt { get; set; }

        public bool IsExplained { get; set; }

        // The monotonic millisecond of the last evidence of the conflict.
        public long EvidenceAt { get; set; }

        // The identity of the last contradiction.
        public string? Contradicted { get; set; }

        // The last audit that was no contradiction, and the number of its reply.
        public Shown? Last { get; set; }

        public long LastNumber { get; set; }

        public void Remember(long connection, in Shown shown)
        {
            if (Connections.Count >= MaxConnections)
            {
                Connections.Clear();
            }

            Connections[connection] = shown;
        }
    }

    // The conflicts for the callbacks of one event.
    private readonly record struct Found(List<IdentityConflict> Raised, List<IdentityConflict> Explained);

    // What an audit showed, and the last event before it was sent.
    private readonly record struct Shown(string Id, long Total, long Number);
}
