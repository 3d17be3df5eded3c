using System.Text;
using Microsoft.Extensions.Logging;
using NearCache.Diagnostics;
using NearCache.Memcached.Protocol;

namespace NearCache.Coherence.Ledger;

/// <summary>
/// The key prefix of the namespace: decides it if the settings leave it open, and compares it with the prefix that each server holds.
/// </summary>
/// <remarks>
/// Documented in docs/formats.md, "The prefix of a namespace". The process that creates the counters of a server stores the prefix there.
/// Counters without that item were created by an older version, which has no prefix unless it is set. A process with another prefix closes
/// its own gate and creates nothing. After a flush it leaves the creation to the other processes for a while, so that one wrong process
/// cannot close the gates of the fleet.
/// </remarks>
internal sealed class NamespacePrefix
{
    private readonly Lock _lock = new();   // guards what the servers hold
    private readonly Dictionary<string, ServerPrefix?> _servers = [];   // null: not read yet, or no reply
    private readonly HashSet<string> _failed = [];
    private readonly string _namespace;
    private readonly bool _isSet;
    private readonly ILogger _logger;
    private readonly TaskCompletionSource _decided = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _allRead = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile string? _value;

    /// <param name="namespace">The namespace.</param>
    /// <param name="configured">The prefix in the settings; null if they leave it open.</param>
    /// <param name="fromServers">
    /// Whether the servers decide it if the settings leave it open. False if the servers are not shared, or cannot hold it.
    /// </param>
    /// <param name="servers">The names of the servers.</param>
    /// <param name="logger">The logger.</param>
    public NamespacePrefix(string @namespace, string? configured, bool fromServers, IEnumerable<string> servers, ILogger logger)
    {
        (_namespace, _isSet, _logger) = (@namespace, configured is not null, logger);
        foreach (var server in servers)
        {
            _servers[server] = null;
        }

        _value = configured ?? (fromServers ? null : DefaultOf(@namespace));
        if (_value is not null)
        {
            _decided.SetResult();
        }
    }

    /// <summary>
    /// Gets or sets a callback for the decision, called once, before any waiting caller continues. Only if the settings leave it open.
    /// </summary>
    public Action<string>? Deciding { get; set; }

    /// <summary>Gets the prefix; null until it is decided.</summary>
    public string? Value => _value;

    /// <summary>Gets whether no server holds another prefix. Otherwise nothing is near in this process.</summary>
    public bool Agrees { get; private set; } = true;

    /// <summary>Returns the default prefix of a namespace.</summary>
    public static string DefaultOf(string @namespace) => @namespace + ":";

    /// <summary>Returns as text what decides the place of a key: the placement, and the prefix.</summary>
    public string Describe(string placement) => _value is { Length: > 0 } value ? $"KeyPrefix={value};{placement}" : placement;

    /// <summary>Waits until the prefix is decided, or every server was read and none replied.</summary>
    /// <returns>Whether the prefix is decided.</returns>
    public async ValueTask<bool> SettledAsync(CancellationToken cancellationToken)
    {
        if (_value is null)
        {
            await Task.WhenAny(_decided.Task, _allRead.Task).WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        return _value is not null;
    }

    /// <summary>
    /// Returns whether this process may create the counters of a server and store the prefix there. Waits until the prefix is decided.
    /// </summary>
    public async ValueTask<bool> MayCreateAsync(CancellationToken cancellationToken)
    {
        await _decided.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        return Agrees;
    }

    /// <summary>Records that this process has created the counters of a server and stored the prefix there.</summary>
    public void Stored(string server, int life)
    {
        lock (_lock)
        {
            _servers[server] = new ServerPrefix(life, HasCounters: true, _value);
            Compare();
        }
    }

    /// <summary>Records that a server did not reply.</summary>
    public void Failed(string server)
    {
        lock (_lock)
        {
            _failed.Add(server);
            Decide();
        }
    }

    /// <summary>Records the prefix that a server holds.</summary>
    /// <param name="server">The server.</param>
    /// <param name="life">The life of the server's contents.</param>
    /// <param name="hasCounters">Whether the server has the total of the namespace.</param>
    /// <param name="item">The item with the prefix.</param>
    /// <returns>Whether the item was there earlier in this life, and must be stored again.</returns>
    public bool Record(string server, int life, bool hasCounters, in MetaResponse item)
    {
        lock (_lock)
        {
            var before = _servers.GetValueOrDefault(server);
            var prefix = item.Status == MetaStatus.Ok ? Encoding.UTF8.GetString(item.Value.Span) : null;
            var isLost = prefix is null && hasCounters && before is { Prefix: not null } && before.Life == life;
            _servers[server] = isLost ? before : new ServerPrefix(life, hasCounters, prefix, before);
            _failed.Remove(server);
            Decide();
            Compare();
            return isLost && before!.Prefix == _value;
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
            .Select(server => (Server: server.Key, ServerPrefix: server.Value!))
            .ToArray();
        if (seen.Length == 0)
        {
            _allRead.TrySetResult();
            return;
        }

        var standard = DefaultOf(_namespace);
        var older = seen.FirstOrDefault(server => server.ServerPrefix.IsWithout);
        var isEmpty = older.Server is not null && !Array.Exists(seen, server => server.ServerPrefix.Prefix == standard);
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
        var (server, other) = _servers.FirstOrDefault(server => server.Value is { } found && Differs(found, own));
        Agrees = other is null;
        if (agreed && !Agrees)
        {
            _logger.KeyPrefixDiffers(server, _namespace, other!.LastPrefix is { } prefix && prefix != own ? prefix : "", own);
        }
        else if (!agreed && Agrees)
        {
            _logger.KeyPrefixAgrees(_namespace, own);
        }
    }

    // Counters of an older version do not show its setting. If it was left open there, the prefix is empty.
    private bool Differs(ServerPrefix found, string own) =>
        (found.LastPrefix is { } prefix && prefix != own) || (found is { Prefix: null, HasCounters: true } && !_isSet && own.Length > 0);

    // IsWithout: the keys have no prefix, because the item is empty or there is no item.
    private sealed record ServerPrefix(int Life, bool HasCounters, string? Prefix)
    {
        // The reads of a flushed server after which its former prefix no longer counts. Processes that agree with it create its counters at
        // their next read, long before.
        private const int MaxEmptyReads = 10;

        private readonly int _emptyReads;   // in a row that found nothing

        public ServerPrefix(int life, bool hasCounters, string? prefix, ServerPrefix? before) : this(life, hasCounters, prefix)
        {
            _emptyReads = hasCounters || prefix is not null || before is null ? 0 : before._emptyReads + 1;
            LastPrefix = prefix ?? (_emptyReads < MaxEmptyReads ? before?.LastPrefix : null);
        }

        public string? LastPrefix { get; } = Prefix;

        public bool IsWithout => Prefix is { Length: 0 } || (Prefix is null && HasCounters);
    }
}
