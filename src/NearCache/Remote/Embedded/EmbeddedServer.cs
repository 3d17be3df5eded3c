using System.Globalization;
using System.Text;
using NearCache.Memcached.Protocol;

namespace NearCache.Remote.Embedded;

/// <summary>Emulates a memcached server in memory, bounded by bytes. Items that were not used recently are evicted first.</summary>
/// <remarks>
/// Supports the commands that NearCache sends: get with vivify, recache, touch and stale marks; set in all modes with CAS; delete;
/// arithmetic. Every call completes before it returns.
/// </remarks>
internal sealed class EmbeddedServer(TimeProvider time, long capacity = EmbeddedServer.DefaultCapacity) : IRemoteServer
{
    /// <summary>256 MiB of keys and values.</summary>
    public const long DefaultCapacity = 256L << 20;

    // about the overhead of memcached: the item's header and its place in the hash table
    private const int ItemOverhead = 64;

    // The greatest number of recently used items that one store passes over.
    private const int MaxPasses = 64;

    private readonly Lock _lock = new();   // guards everything below
    private readonly Dictionary<byte[], LinkedListNode<EmbeddedItem>> _items = new(KeyComparer.Instance);
    private readonly LinkedList<EmbeddedItem> _recent = [];
    private readonly bool _isSystem = ReferenceEquals(time, TimeProvider.System);
    private long _bytes;
    private ulong _lastCas;

    public string Name => "embedded";

    public ValueTask<MetaResponse> ExecuteAsync(MetaCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_lock)
        {
            return ValueTask.FromResult(Execute(command));
        }
    }

    public bool TryGet(ReadOnlySpan<byte> key, out MetaResponse response)
    {
        lock (_lock)
        {
            var now = Now();
            if (Find(key, now) is not { } node)
            {
                response = new MetaResponse { Status = MetaStatus.Miss };
                return true;
            }

            ref var item = ref node.ValueRef;
            var wins = item.IsStale && !item.IsWon;
            response = new MetaResponse
            {
                Status = MetaStatus.Ok,
                Value = item.Value,
                ClientFlags = item.ClientFlags,
                Cas = item.Cas,
                TimeToLive = item.SecondsLeft(now),
                IsWinner = wins,
                IsWonByAnother = item.IsWon,
                IsStale = item.IsStale,
            };
            item.IsWon |= wins;
            return true;
        }
    }

    public Task<RemoteReply> ExecuteAsync(ReadOnlyMemory<MetaCommand> group)
    {
        var responses = new MetaResponse[group.Length];
        lock (_lock)
        {
            for (var i = 0; i < responses.Length; i++)
            {
                responses[i] = Execute(group.Span[i]);
            }
        }

        return Task.FromResult(new RemoteReply(responses, ConnectionId: 0));
    }

    private MetaResponse Execute(in MetaCommand command) => command.Kind switch
    {
        MetaCommandKind.Get => Get(command),
        MetaCommandKind.Set => Set(command),
        MetaCommandKind.Delete => Delete(command),
        MetaCommandKind.Arithmetic => Count(command),
        _ => new MetaResponse { Status = MetaStatus.Ok },
    };

    private MetaResponse Get(in MetaCommand command)
    {
        var now = Now();
        var node = Find(command.Key.Span, now, isPeek: command.IsPeek);
        var isNew = node is null;
        if (node is null)
        {
            if (command.Vivify is not { } vivify)
            {
                return new MetaResponse { Status = MetaStatus.Miss };
            }

            node = Store(command.Key, default, clientFlags: 0, vivify);
        }

        ref var item = ref node.ValueRef;
        var wins = isNew || (
            !item.IsWon
                && (item.IsStale || (command.Recache is { } recache && item.SecondsLeft(now) is >= 0 and var left && left < recache)));
        var response = new MetaResponse
        {
            Status = MetaStatus.Ok,
            Value = (command.Return & MetaFields.Value) != 0 ? item.Value : default,
            ClientFlags = item.ClientFlags,
            Cas = item.Cas,
            TimeToLive = isNew ? -1 : item.SecondsLeft(now),   // memcached reports -1 for an item that the command itself created
            Size = item.Value.Length,
            IsWinner = wins,
            IsWonByAnother = item.IsWon && !wins,
            IsStale = item.IsStale,
        };
        item.IsWon |= wins;
        if (command.TimeToLive is { } touch)
        {
            item.ExpiresAt = Deadline(touch);
        }

        return response;
    }

    private MetaResponse Set(in MetaCommand command)
    {
        var node = Find(command.Key.Span);
        if (command.CompareCas is { } cas && (node is null || node.Value.Cas != cas))
        {
            return new MetaResponse { Status = node is null ? MetaStatus.NotFound : MetaStatus.Exists };
        }

        var value = command.Value;
        switch (command.Mode)
        {
            case MetaSetMode.Add when node is not null:
            case MetaSetMode.Replace or MetaSetMode.Append or MetaSetMode.Prepend when node is null:
                return new MetaResponse { Status = MetaStatus.NotStored };
            case MetaSetMode.Append:
                value = (byte[])[.. node!.Value.Value.Span, .. value.Span];
                break;
            case MetaSetMode.Prepend:
                value = (byte[])[.. value.Span, .. node!.Value.Value.Span];
                break;
            default:
                // The caller may reuse its bytes after the reply.
                value = value.ToArray();
                break;
        }

        if (value.Length + ItemOverhead > 1 << 20)
        {
            Drop(node);
            return new MetaResponse { Status = MetaStatus.Error, Error = "SERVER_ERROR object too large for cache" };
        }

        // Appending changes neither the flags nor the lifetime.
        var kept = command.Mode is MetaSetMode.Append or MetaSetMode.Prepend ? node : null;
        Drop(node);
        var stored = Store(command.Key, value, kept?.Value.ClientFlags ?? command.ClientFlags, command.TimeToLive ?? 0);
        if (kept is not null)
        {
            stored.ValueRef.ExpiresAt = kept.Value.ExpiresAt;
        }

        return new MetaResponse { Status = MetaStatus.Ok, Cas = stored.Value.Cas };
    }

    private MetaResponse Delete(in MetaCommand command)
    {
        var node = Find(command.Key.Span);
        if (node is null)
        {
            return new MetaResponse { Status = MetaStatus.NotFound };
        }

        if (command.CompareCas is { } cas && node.Value.Cas != cas)
        {
            return new MetaResponse { Status = MetaStatus.Exists };
        }

        if (!command.Invalidate)
        {
            Drop(node);
            return new MetaResponse { Status = MetaStatus.Ok };
        }

        ref var item = ref node.ValueRef;
        item.IsStale = true;
        item.IsWon = false;
        item.Cas = ++_lastCas;
        if (command.TimeToLive is { } seconds)
        {
            item.ExpiresAt = Deadline(seconds);
        }

        return new MetaResponse { Status = MetaStatus.Ok };
    }

    private MetaResponse Count(in MetaCommand command)
    {
        var node = Find(command.Key.Span);
        ulong number;
        if (node is null)
        {
            if (command.Vivify is not { } vivify)
            {
                return new MetaResponse { Status = MetaStatus.NotFound };
            }

            number = command.Initial;
            node = Store(command.Key, Digits(number), clientFlags: 0, vivify);
        }
        else
        {
            if (!ulong.TryParse(node.Value.Value.Span, CultureInfo.InvariantCulture, out number))
            {
                return new MetaResponse
                {
                    Status = MetaStatus.Error,
                    Error = "CLIENT_ERROR cannot increment or decrement non-numeric value",
                };
            }

            number = command.Decrement ? number - Math.Min(number, command.Delta) : unchecked(number + command.Delta);
            ref var item = ref node.ValueRef;
            item.Value = Digits(number);
            item.Cas = ++_lastCas;
            if (command.TimeToLive is { } seconds)
            {
                item.ExpiresAt = Deadline(seconds);
            }
        }

        return new MetaResponse
        {
            Status = MetaStatus.Ok,
            Number = number,
            Value = node.Value.Value,
            Cas = node.Value.Cas,
            TimeToLive = node.Value.SecondsLeft(Now()),
        };
    }

    private LinkedListNode<EmbeddedItem>? Find(ReadOnlySpan<byte> key) => Find(key, Now());

    private LinkedListNode<EmbeddedItem>? Find(ReadOnlySpan<byte> key, long now, bool isPeek = false)
    {
        if (!_items.GetAlternateLookup<ReadOnlySpan<byte>>().TryGetValue(key, out var node))
        {
            return null;
        }

        if (node.ValueRef.ExpiresAt <= now)
        {
            Drop(node);
            return null;
        }

        node.ValueRef.IsUsed |= !isPeek;
        return node;
    }

    private LinkedListNode<EmbeddedItem> Store(ReadOnlyMemory<byte> key, ReadOnlyMemory<byte> value, uint clientFlags, int seconds)
    {
        var node = _recent.AddFirst(new EmbeddedItem
        {
            Key = key.ToArray(),
            Value = value,
            ClientFlags = clientFlags,
            Cas = ++_lastCas,
            ExpiresAt = Deadline(seconds),
        });
        _items[node.Value.Key] = node;
        _bytes += Size(node.Value);
        MakeRoom(node);
        return node;
    }

    // A read only marks an item; a marked item gets another round here.
    private void MakeRoom(LinkedListNode<EmbeddedItem> newest)
    {
        for (var passes = MaxPasses; _bytes > capacity && _items.Count > 1;)
        {
            var oldest = _recent.Last!;
            if (oldest == newest || (oldest.Value.IsUsed && passes-- > 0))
            {
                oldest.ValueRef.IsUsed = false;
                _recent.Remove(oldest);
                _recent.AddFirst(oldest);
            }
            else
            {
                Drop(oldest);
            }
        }
    }

    private void Drop(LinkedListNode<EmbeddedItem>? node)
    {
        if (node is not null)
        {
            _items.Remove(node.Value.Key);
            _recent.Remove(node);
            _bytes -= Size(node.Value);
        }
    }

    // Milliseconds. The coarse clock of the system is cheaper than the lookup of the item.
    private long Now() => _isSystem ? Environment.TickCount64 : time.GetTimestamp() / (time.TimestampFrequency / 1000);

    private long Deadline(int seconds) => seconds switch
    {
        0 => long.MaxValue,
        < 0 => Now(),
        > Expiry.LongestRelative => Now() + ((seconds - time.GetUtcNow().ToUnixTimeSeconds()) * 1000),
        _ => Now() + (seconds * 1000L),
    };

    private static long Size(EmbeddedItem item) => item.Key.Length + item.Value.Length + ItemOverhead;

    private static byte[] Digits(ulong number) => Encoding.ASCII.GetBytes(number.ToString(CultureInfo.InvariantCulture));
}

/// <summary>
/// A remote tier inside the process, for development, tests and the quick start. It shares nothing with other processes, and ends with the
/// process.
/// </summary>
internal sealed class EmbeddedRemote(TimeProvider time) : IRemote
{
    public IReadOnlyList<IRemoteServer> Servers { get; } = [new EmbeddedServer(time)];

    public bool IsEmbedded => true;

    public int IndexOf(ReadOnlySpan<byte> key) => 0;

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
