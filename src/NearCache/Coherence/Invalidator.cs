using System.Text;
using NearCache.Coherence.Core;
using NearCache.Flights;
using NearCache.Near;
using NearCache.Tags;

namespace NearCache.Coherence;

/// <summary>
/// Voids keys in this process: discards fills in progress, drops entries including stale ones, and lets no caller join a flight in
/// progress.
/// </summary>
internal sealed class Invalidator(
    ProcessEpochs epochs, NearStore near, StaleStore stale, SingleFlight flights, TagTable tags, RefreshQueue refreshes)
    : IInvalidationTarget
{
    public void Invalidate(ReadOnlySpan<byte> key)
    {
        var hash = KeyHash.Of(key);
        epochs.Stripes.Advance(hash.Stripe(Stripes.Count));
        var text = Encoding.UTF8.GetString(key);
        if (text.StartsWith(TagTable.Prefix, StringComparison.Ordinal))
        {
            tags.Void(text);
            flights.ForgetTag(text[TagTable.Prefix.Length..]);
            return;
        }

        var entry = near.Drop(text);
        stale.Drop(text, hash);
        flights.Forget(text);
        if (entry is not null)
        {
            refreshes.Add(entry);
        }
    }
}
