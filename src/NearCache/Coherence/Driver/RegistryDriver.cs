using NearCache.Diagnostics;
using NearCache.Rules;
using NearCache.ZooKeeper;

namespace NearCache.Coherence.Driver;

/// <summary>Follows the registry of the rules in ZooKeeper.</summary>
internal sealed class RegistryDriver(ZooKeeperClient zooKeeper, NamespacePaths paths, CoherenceContext context, RulesDriver rules, Func<long> pace)
{
    private readonly Wake _changed = new(context.Time);

    /// <summary>Serves one session until it ends: reads, waits for the watch, and reads again no faster than slots are read.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var readAt = context.Clock.Monotonic();
            var wait = long.MaxValue;
            try
            {
                var data = await zooKeeper.GetDataAsync(paths.Rules, _ => _changed.Call(), cancellationToken).ConfigureAwait(false);
                Apply(data.Data);
            }
            catch (ZooKeeperException e)
            {
                context.Logger.ZooKeeperFailed(e, "reading the rules");
                wait = 1000;
            }

            await _changed.WaitAsync(wait, cancellationToken).ConfigureAwait(false);
            var early = readAt + pace() - context.Clock.Monotonic();
            if (early > 0)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(early), context.Time, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private void Apply(ReadOnlyMemory<byte> content)
    {
        if (RegistryDocument.TryRead(content, out var document, out var why))
        {
            rules.RegistryRead(document);
        }
        else
        {
            rules.RegistryUnreadable(why);
        }
    }
}
