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
/// <param name="raised">Called once when a name gets into a conflict, before the audit that showed it can confirm.</param>
/// <param name="cleared">Called when a name is no longer in a conflict.</param>
internal sealed class IdentityRegister(
    Action<string>? changed = null, Action<IdentityConflict>? raised = null, Action<string>? cleared = null)
{
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
        List<IdentityConflict> conflicts = [];
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
                Raise(name, new IdentityConflict(server, kind, Until: past.Until), now, conflicts);
            }
            else if (result != IdentityResult.InFlight)
            {
                name.Last = new Shown(id, total, look.Number);
                name.LastNumber = _number;
                name.Remember(connection, new Shown(id, total, look.Number));
                isCleared = !CompareNames(name, server, look, id, now, conflicts) && IsOver(name, now);
            }
        }

        Report(server, isNew, conflicts, isCleared);
    }

    /// <summary>Records that the addresses of a name were compared.</summary>
    /// <param name="server">The name.</param>
    /// <param name="addresses">The addresses that are different servers, as text; null if all are one server.</param>
    /// <param name="now">The time.</param>
    public void ObserveAddresses(string server, string? addresses, in Timestamps now)
    {
        List<IdentityConflict> conflicts = [];
        var isCleared = false;
        lock (_lock)
        {
            var name = Of(server);
            name.AwaitsAddresses = false;
            if (addresses is not null)
            {
                Raise(name, new IdentityConflict(server, IdentityConflictKind.SeveralAddresses, addresses), now, conflicts);
            }
            else
            {
                isCleared = IsOver(name, now);
            }
        }

        Report(server, isNew: false, conflicts, isCleared);
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
        Name name, string server, in IdentityLook look, string id, in Timestamps now, List<IdentityConflict> conflicts)
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
                Raise(behind, new IdentityConflict(other, IdentityConflictKind.SharedServer, server), now, conflicts);
                Raise(name, new IdentityConflict(server, IdentityConflictKind.SharedServer, other), now, conflicts);
            }
        }

        return isShared;
    }

    // Requires _lock. A conflict is reported once, and again only if the case is another. Several addresses explain every other case.
    private static void Raise(Name name, IdentityConflict conflict, in Timestamps now, List<IdentityConflict> conflicts)
    {
        name.EvidenceAt = now.Monotonic;
        if (name.Conflict?.Kind != conflict.Kind && name.Conflict?.Kind != IdentityConflictKind.SeveralAddresses)
        {
            name.Conflict = conflict;
            conflicts.Add(conflict);
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

    private void Report(string server, bool isNew, List<IdentityConflict> conflicts, bool isCleared)
    {
        foreach (var conflict in conflicts)
        {
            raised?.Invoke(conflict);
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

    // What an audit showed, and the last event before it was sent.
    private readonly record struct Shown(string Id, long Total, long Number);
}
