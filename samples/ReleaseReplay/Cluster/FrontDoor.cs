using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;

namespace ReleaseReplay.Cluster;

/// <summary>The service in front of the pods: leads each request to the next pod that is ready. It repeats no request.</summary>
internal sealed class FrontDoor(Deployment deployment, ClusterTimes times) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { MaxConnectionsPerServer = 512 }) { Timeout = times.RequestTimeout };
    private readonly ConcurrentQueue<double> _latencies = new();
    private readonly ConcurrentQueue<string> _failures = new();
    private int _turn;
    private long _sourceReads;

    /// <summary>Gets the reads of the source that the answered requests cost.</summary>
    public long SourceReads => Interlocked.Read(ref _sourceReads);

    /// <summary>Returns the latencies of the requests that were answered since the last call, in milliseconds.</summary>
    public double[] TakeLatencies() => Take(_latencies);

    /// <summary>Returns the reason of each request since the last call that had no answer, or one that is not a page.</summary>
    public string[] TakeFailures() => Take(_failures);

    public async Task SendAsync(string path)
    {
        var clock = Stopwatch.StartNew();
        if (await AskAsync(path) is { } failure)
        {
            _failures.Enqueue(failure);
        }
        else
        {
            _latencies.Enqueue(clock.Elapsed.TotalMilliseconds);
        }
    }

    public void Dispose() => _http.Dispose();

    // Returns why the request failed; null if it did not.
    private async Task<string?> AskAsync(string path)
    {
        var ready = deployment.Pods.FindAll(pod => pod.State == PodState.Ready);
        if (ready.Count == 0)
        {
            return "no pod is ready";
        }

        var pod = ready[(int)((uint)Interlocked.Increment(ref _turn) % (uint)ready.Count)];
        try
        {
            using var answer = await _http.GetAsync(new Uri(pod.Address, path));
            if (!answer.IsSuccessStatusCode || !answer.Headers.TryGetValues("Source-Reads", out var reads))
            {
                return string.Create(CultureInfo.InvariantCulture, $"{pod.Name} answers {(int)answer.StatusCode}");
            }

            Interlocked.Add(ref _sourceReads, long.Parse(reads.Single(), CultureInfo.InvariantCulture));
            return null;
        }
        catch (OperationCanceledException)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{pod.Name} answers later than {times.RequestTimeout.TotalSeconds:0} s");
        }
        catch (HttpRequestException e)
        {
            return $"{pod.Name}: {e.Message}";
        }
    }

    private static T[] Take<T>(ConcurrentQueue<T> queue)
    {
        var taken = new List<T>();
        while (queue.TryDequeue(out var one))
        {
            taken.Add(one);
        }

        return [.. taken];
    }
}
