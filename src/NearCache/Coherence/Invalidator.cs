using System.Text;
using NearCache.Coherence.Core;
using NearCache.Flights;
using NearCache.Near;
using NearCache.Rules;
using NearCache.Tags;

namespace NearCache.Coherence;

/// <summary>
/// Voids keys in this process: discards fills in progress, drops entries including stale ones, and lets no caller join a flight in
/// progress.
/// </summary>
internal sealed class Invalidator(
    ProcessEpochs epochs,
    NearStore near,
    StaleStore stale,
    SingleFlight flights,
    TagTable tags,
    RefreshQueue refreshes,
    RuleTable rules,
    NearCacheEvents events) : IInvalidationTarget
{
    public void Invalidate(ReadOnlySpan<byte> key, InvalidationOrigin origin)
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

        if (events.HasInvalidatedHandler && rules.Matcher.Find(text) is { } rule)
        {
            events.Queue(new KeyInvalidatedEventArgs
            {
                Key = text,
                Rule = rule.Name,
                Cause = origin.Cause,
                Writer = origin.Writer.IsKnown ? origin.Writer.ToString() : null,
            });
        }
    }

    public void Flushed(string server)
    {
        if (events.HasInvalidatedHandler)
        {
            events.Queue(new KeyInvalidatedEventArgs { Key = null, Rule = null, Cause = InvalidationCause.Flushed, Server = server });
        }
    }
}
