using System.Diagnostics;
using System.Globalization;
using ReleaseReplay.Cluster;

namespace ReleaseReplay.Runs;

/// <summary>Open-loop load: requests at a fixed rate, whether or not earlier ones are answered.</summary>
internal sealed class Load(FrontDoor door, int rate)
{
    private const int Pages = 500;
    private long _sent;

    public async Task RunAsync(CancellationToken stopping)
    {
        var clock = Stopwatch.StartNew();
        var open = new List<Task>();
        while (!stopping.IsCancellationRequested)
        {
            for (var due = (long)(clock.Elapsed.TotalSeconds * rate); _sent < due; _sent++)
            {
                // A fixed order that visits every page.
                open.Add(door.SendAsync(string.Create(CultureInfo.InvariantCulture, $"/page/{_sent * 37 % Pages}")));
            }

            open.RemoveAll(request => request.IsCompleted);
            await Task.Delay(4, CancellationToken.None);
        }

        await Task.WhenAll(open);
    }
}
