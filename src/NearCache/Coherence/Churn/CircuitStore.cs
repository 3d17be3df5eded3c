using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Coherence.Churn;

/// <summary>The item on memcached that carries the churn breakers of all rules, written by compare-and-set alone.</summary>
/// <param name="names">Names the item.</param>
/// <param name="ownerOf">The server that an item is on.</param>
/// <param name="context">What all drivers have in common.</param>
internal sealed class CircuitStore(CounterNames names, Func<byte[], IRemoteServer> ownerOf, CoherenceContext context)
{
    // Longer than trips count. Each change begins it anew.
    private const int Lifetime = 7200;

    private readonly byte[] _key = names.Churn.ToArray();
    private bool _saidUnreadable;

    /// <summary>Reads it.</summary>
    /// <returns>Null: the server cannot be asked, or a newer process wrote it.</returns>
    public async Task<StoredCircuits?> ReadAsync()
    {
        var command = MetaCommand.Get(_key, MetaFields.Value | MetaFields.Cas);
        if (await ExecuteAsync(command).ConfigureAwait(false) is not { Status: MetaStatus.Ok or MetaStatus.Miss } item)
        {
            return null;
        }

        if (item.Status == MetaStatus.Miss)
        {
            return new StoredCircuits([], null);
        }

        if (CircuitsFormat.TryRead(item.Value, out var circuits, out var why))
        {
            return new StoredCircuits(circuits, item.Cas);
        }

        if (!_saidUnreadable)
        {
            _saidUnreadable = true;
            context.Logger.CircuitsUnreadable(
                why.Reason,
                why.IsNewer
                    ? "It is left alone, and this process goes by what it sees itself."
                    : "It is replaced when there is something to say.");
        }

        return why.IsNewer ? null : new StoredCircuits([], item.Cas);
    }

    /// <summary>Writes it, if it is still what was read.</summary>
    public async Task<bool> TryWriteAsync(StoredCircuits before, IReadOnlyList<RuleCircuit> circuits)
    {
        var command = MetaCommand.Set(_key, CircuitsFormat.Write(circuits), Lifetime) with
        {
            Mode = before.Cas is null ? MetaSetMode.Add : MetaSetMode.Set,
            CompareCas = before.Cas,
        };
        return await ExecuteAsync(command).ConfigureAwait(false) is { Status: MetaStatus.Ok };
    }

    private async Task<MetaResponse?> ExecuteAsync(MetaCommand command)
    {
        try
        {
            return await ownerOf(_key).ExecuteAsync(command, CancellationToken.None).ConfigureAwait(false);
        }
        catch (MemcachedException)
        {
            context.Metrics.RemoteFailed("churn");
        }
        catch (ObjectDisposedException)
        {
            // The server was just taken off the list.
        }

        return null;
    }
}

/// <summary>The churn breakers as they stand on memcached.</summary>
/// <param name="Circuits">Those that have tripped lately.</param>
/// <param name="Cas">The item's CAS number; null: there is no item.</param>
internal sealed record StoredCircuits(IReadOnlyList<RuleCircuit> Circuits, ulong? Cas);
