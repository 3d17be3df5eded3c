using NearCache.Coherence.Core;
using NearCache.Coherence.Ledger;
using NearCache.Diagnostics;
using NearCache.Memcached;
using NearCache.Memcached.Protocol;
using NearCache.Remote;
using NearCache.Rules;

namespace NearCache.Coherence.Churn;

/// <summary>The item on memcached that holds the circuits of all rules. Written only by compare-and-set.</summary>
/// <param name="names">The name of the item.</param>
/// <param name="ownerOf">Returns the server of an item.</param>
/// <param name="context">The state and settings that coherence shares.</param>
internal sealed class CircuitStore(CounterNames names, Func<byte[], IRemoteServer> ownerOf, CoherenceContext context)
{
    // Longer than trips count, in seconds. Each change restarts it.
    private const int Lifetime = 7200;

    private readonly byte[] _key = names.Churn.ToArray();
    private bool _loggedUnreadable;

    /// <summary>Reads the item.</summary>
    /// <returns>The circuits; null if the server does not reply, or a newer version wrote the item.</returns>
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

        if (!_loggedUnreadable)
        {
            _loggedUnreadable = true;
            context.Logger.CircuitsUnreadable(
                why.Reason,
                why.IsNewer
                    ? "It is not changed, and this process uses its own measurements."
                    : "It is replaced at the next change.");
        }

        return why.IsNewer ? null : new StoredCircuits([], item.Cas);
    }

    /// <summary>Writes the item, if it is unchanged since it was read.</summary>
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
            // The server was just removed from the list.
        }

        return null;
    }
}

/// <summary>The circuits on memcached.</summary>
/// <param name="Circuits">The circuits of rules that have tripped recently.</param>
/// <param name="Cas">The CAS value of the item; null if there is no item.</param>
internal sealed record StoredCircuits(IReadOnlyList<RuleCircuit> Circuits, ulong? Cas);
