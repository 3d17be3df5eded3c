using System.Globalization;
using System.Text;

namespace NearCache.Coherence.Ledger.Core;

/// <summary>The last events of the ledger of one server, for the report of a violation.</summary>
/// <remarks>Requires the lock of the ledger. Bounded, and without allocation.</remarks>
internal sealed class LedgerHistory
{
    private const int Capacity = 32;

    private readonly (long At, LedgerEvent Event, long Number, ulong Detail)[] _events = new (long, LedgerEvent, long, ulong)[Capacity];
    private int _count;

    /// <summary>Records an event.</summary>
    /// <param name="at">The monotonic clock, in milliseconds.</param>
    /// <param name="number">The total, or the number of the mutation.</param>
    /// <param name="detail">The hash of the key, or the mask of the flushed segments.</param>
    public void Add(long at, LedgerEvent what, long number, ulong detail = 0) =>
        _events[_count++ % Capacity] = (at, what, number, detail);

    /// <summary>Returns the events as text, the oldest first.</summary>
    /// <param name="now">The monotonic clock, in milliseconds.</param>
    public string Describe(long now)
    {
        var text = new StringBuilder();
        for (var i = Math.Max(0, _count - Capacity); i < _count; i++)
        {
            var (at, what, number, detail) = _events[i % Capacity];
            text.Append(i == Math.Max(0, _count - Capacity) ? "" : ", ")
                .Append(CultureInfo.InvariantCulture, $"{(now - at) / 1000.0:0.000} s ago {what} {number}");
            if (detail != 0)
            {
                text.Append(CultureInfo.InvariantCulture, $" ({detail:x16})");
            }
        }

        return text.ToString();
    }
}

/// <summary>Specifies an event of a ledger. The name appears in the log.</summary>
internal enum LedgerEvent
{
    /// <summary>An audit was answered, and waits.</summary>
    Audited,

    /// <summary>An audit was answered, or its explanation completed, and its instant is confirmed.</summary>
    Confirmed,

    /// <summary>All segments were read. The detail is the mask of those that were voided.</summary>
    Flushed,

    /// <summary>The counters were lost.</summary>
    Lost,

    /// <summary>An announcement explained a mutation. The detail is the hash of the key.</summary>
    Announced,

    /// <summary>A log record explained a mutation. The detail is the hash of the key.</summary>
    LogRead,

    /// <summary>A mutation of this process was answered. The detail is the hash of the key.</summary>
    Written,
}
