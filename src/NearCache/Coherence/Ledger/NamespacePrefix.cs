using System.Text;
using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// The prefix of the namespace's keys: decides it where the settings leave it open, and compares it with what each server says that the
/// namespace has.
/// </summary>
/// <remarks>
/// docs/formats.md, "The prefix of a namespace". Whoever creates the counters of a server says there which prefix it has; counters without
/// that item were made by an older process, which has none unless it is set. A process whose prefix differs closes near for itself alone,
/// and creates nothing; after a flush it leaves that to the others for a while: one wrong process cannot close the fleet.
/// </remarks>
internal sealed class NamespacePrefix
{
    private readonly Lock _lock = new();   // guards what the servers showed
    private readonly Dictionary<string, Sight?> _servers = [];   // null: not asked yet, or not answered
    private readonly HashSet<string> _failed = [];
    private readonly string _namespace;
    private readonly bool _isSet;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _value;

    /// <param name="namespace">The namespace.</param>
    /// <param name="configured">The prefix in the settings; null: it is left open.</param>
    /// <param name="isAsked">Whether the servers are asked where it is left open. False: nobody shares them, or they cannot say.</param>
    /// <param name="servers">The names of the servers.</param>
    /// <param name="logger">Is told.</param>
    public NamespacePrefix(string @namespace, string? configured, bool isAsked, IEnumerable<string> servers, ILogger logger)
    {
        (_namespace, _isSet, _logger) = (@namespace, configured is not null, logger);
        foreach (var server in servers)
        {
            _servers[server] = null;
        }

        _value = configured ?? (isAsked ? null : DefaultOf(@namespace));
        if (_value is not null)
        {
            _decided.SetResult();
        }
    }

    /// <summary>Called once where the settings leave it open, before anything that waits goes on.</summary>
    public Action<string>? Deciding { get; set; }

    /// <summary>The prefix; null until it is decided.</summary>
    public string? Value => _value;

    /// <summary>Whether no server says another prefix: if one does, nothing is near here.</summary>
    public bool Agrees { get; private set; } = true;

    /// <summary>What a namespace has unless the settings say otherwise.</summary>
    public static string DefaultOf(string @namespace) => @namespace + ":";

    /// <summary>Everything that decides where a key is, as text: the placement, and the prefix.</summary>
    public string Describe(string placement) => _value is { Length: > 0 } value ? $"KeyPrefix={value};{placement}" : placement;

    /// <summary>Waits until it is decided, or every server was asked and none answered.</summary>
    /// <returns>Whether it is decided.</returns>
    public async ValueTask<bool> SettledAsync(CancellationToken cancellationToken)
    {
        if (_value is null)
        {
            await Task.WhenAny(_decided.Task, _asked.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return _value is not null;
    }

    /// <summary>
    /// Whether this process may create the counters of a server, and say there which prefix they are for. Waits until it is known.
    /// </summary>
    public async ValueTask<bool> MayCreateAsync(CancellationToken cancellationToken)
    {
        await _decided.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Agrees;
    }

    /// <summary>This process has created the counters of a server, and said there which prefix they are for.</summary>
    public void Said(string server, int life)
    {
        lock (_lock)
        {
            _servers[server] = new Sight(life, HasCounters: true, _value);
            Compare();
        }
    }

    /// <summary>A server could not be asked.</summary>
    public void Failed(string server)
    {
        lock (_lock)
        {
            _failed.Add(server);
            Decide();
        }
    }

    /// <summary>A server was asked.</summary>
    /// <param name="server">The server.</param>
    /// <param name="life">Which life of its contents this is.</param>
    /// <param name="hasCounters">Whether it has the namespace's total.</param>
    /// <param name="item">Its item that says the prefix.</param>
    /// <returns>Whether the item was there in this life, and must be put back.</returns>
    public bool Look(string server, int life, bool hasCounters, in MetaResponse item)
    {
        lock (_lock)
        {
            var before = _servers.GetValueOrDefault(server);
            var said = item.Status == MetaStatus.Ok ? Encoding.UTF8.GetString(item.Value.Span) : null;
            var isLost = said is null && hasCounters && before is { Said: not null } && before.Life == life;
            _servers[server] = isLost ? before : new Sight(life, hasCounters, said, before);
            _failed.Remove(server);
            Decide();
            Compare();
            return isLost && before!.Said == _value;
        }
    }

    // Requires _lock.
    private void Decide()
    {
        if (_value is not null)
        {
            return;
        }

        if (_servers.Any(server => server.Value is null && !_failed.Contains(server.Key)))
        {
            return;
        }

        var seen = _servers.Where(server => server.Value is not null)
            .Select(server => (Server: server.Key, Sight: server.Value!))
            .ToArray();
        if (seen.Length == 0)
        {
            _asked.TrySetResult();
            return;
        }

        var standard = DefaultOf(_namespace);
        var older = seen.FirstOrDefault(server => server.Sight.IsWithout);
        var isEmpty = older.Server is not null && !Array.Exists(seen, server => server.Sight.Said == standard);
        Deciding?.Invoke(isEmpty ? "" : standard);
        _value = isEmpty ? "" : standard;
        _decided.TrySetResult();
        if (isEmpty)
        {
            _logger.KeyPrefixStaysEmpty(older.Server!, _namespace);
        }
    }

    // Requires _lock.
    private void Compare()
    {
        if (_value is not { } own)
        {
            return;
        }

        var agreed = Agrees;
        var (server, other) = _servers.FirstOrDefault(server => server.Value is { } sight && Differs(sight, own));
        Agrees = other is null;
        if (agreed && !Agrees)
        {
            _logger.KeyPrefixDiffers(server, _namespace, other!.LastSaid is { } said && said != own ? said : "", own);
        }
        else if (!agreed && Agrees)
        {
            _logger.KeyPrefixAgrees(_namespace, own);
        }
    }

    // Counters of an older process do not say what its setting is; where it is left open there, it is empty.
    private bool Differs(Sight sight, string own) =>
        (sight.LastSaid is { } said && said != own) || (sight is { Said: null, HasCounters: true } && !_isSet && own.Length > 0);

    // IsWithout: its keys have no prefix, because the item says so or because there is none.
    private sealed record Sight(int Life, bool HasCounters, string? Said)
    {
        // Looks at a flushed server before what it said counts no longer. Processes that agree with it create its counters at their next
        // look, long before.
        private const int Patience = 10;

        private readonly int _looks;   // in a row that found nothing

        public Sight(int life, bool hasCounters, string? said, Sight? before) : this(life, hasCounters, said)
        {
            _looks = hasCounters || said is not null || before is null ? 0 : before._looks + 1;
            LastSaid = said ?? (_looks < Patience ? before?.LastSaid : null);
        }

        public string? LastSaid { get; } = Said;

        public bool IsWithout => Said is { Length: 0 } || (Said is null && HasCounters);
    }
}
