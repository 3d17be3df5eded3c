using System.Collections.Concurrent;
using System.Diagnostics;

namespace ReleaseReplay.Cluster;

/// <summary>The service in front of the pods: leads each request to the next pod that is ready. It repeats no request.</summary>
internal sealed class FrontDoor(Deployment deployment) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { Timeout = Patience };
    private readonly ConcurrentQueue<double> _latencies = new();
    private int _turn;
    private long _failed;
    private long _sourceReads;

    /// <summary>Gets the number of requests without an answer, or with one that is not a page.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Gets the reads of the source that the answered requests cost.</summary>
    public long SourceReads => Interlocked.Read(ref _sourceReads);

    /// <summary>Returns the latencies of the requests that were answered since the last call, in milliseconds.</summary>
    public double[] TakeLatencies()
    {
        var taken = new List<double>();
        while (_latencies.TryDequeue(out var latency))
        {
            taken.Add(latency);
        }

        return [.. taken];
    }

    public async Task SendAsync(string path)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            var ready = deployment.Pods.FindAll(pod => pod.State == PodState.Ready);
            if (ready.Count == 0)
            {
                Interlocked.Increment(ref _failed);
                return;
            }

            var pod = ready[(int)((uint)Interlocked.Increment(ref _turn) % (uint)ready.Count)];
            using var answer = await _http.GetAsync(new Uri(pod.Address, path));
            answer.EnsureSuccessStatusCode();
            Interlocked.Add(ref _sourceReads, long.Parse(answer.Headers.GetValues("Source-Reads").Single(), null));
            _latencies.Enqueue(clock.Elapsed.TotalMilliseconds);
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException)
        {
            Interlocked.Increment(ref _failed);
        }
    }

    public void Dispose() => _http.Dispose();
}
