using System.Collections.Immutable;
using System.Globalization;

namespace ReleaseReplay.Cluster;

/// <summary>The pods of the shop: keeps their number, and replaces them by a rolling release.</summary>
internal sealed class Deployment(
    ReplicaSettings settings, IReadOnlyList<int> servers, NetworkFaults faults, string program, ClusterTimes times) : IAsyncDisposable
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private readonly List<Task> _removals = [];
    private ImmutableList<Pod> _pods = [];
    private ImmutableSortedSet<int> _freeNodes = ImmutableSortedSet.CreateRange(Enumerable.Range(1, 250));
    private int _restartsOfGone;
    private int _named;

    /// <summary>Gets the pods that are not gone.</summary>
    public ImmutableList<Pod> Pods => Volatile.Read(ref _pods);

    /// <summary>Gets the number of restarts, those of pods that are gone included.</summary>
    public int Restarts => Volatile.Read(ref _restartsOfGone) + Pods.Sum(pod => pod.Restarts);

    /// <summary>Gets a value indicating whether every wanted pod runs a version and is ready.</summary>
    public bool IsAtVersion(int version) =>
        Pods is var pods && pods.All(pod => pod.Spec.Version == version) && pods.Count(IsReady) == settings.Pods;

    /// <summary>Returns the name of the pod whose node has an address; null if there is none.</summary>
    public string? PodAt(string address) => Pods.Find(pod => pod.Network.NodeAddress == address)?.Name;

    /// <summary>Starts all pods at once.</summary>
    public void Start(PodSpec spec)
    {
        for (var i = 0; i < settings.Pods; i++)
        {
            Create(spec);
        }
    }

    /// <summary>
    /// Replaces the pods: never more than the surge above the wanted number, and never fewer ready ones than the unavailable pods allow.
    /// Returns when all run the new version, or when the operation is canceled, as a release that is rolled back.
    /// </summary>
    public async Task RollAsync(PodSpec next, CancellationToken cancellationToken)
    {
        while (!IsAtVersion(next.Version) && !cancellationToken.IsCancellationRequested)
        {
            var pods = Pods.Where(pod => pod.State != PodState.Terminating).ToArray();
            var old = pods.Where(pod => pod.Spec.Version != next.Version).ToArray();
            if (pods.Length - old.Length < settings.Pods && pods.Length < settings.Pods + settings.Surge)
            {
                Create(next);
            }
            else if (old.FirstOrDefault(pod => !IsReady(pod)) is { } broken)
            {
                Remove(broken);
            }
            else if (old.Length > 0 && pods.Count(IsReady) > settings.Pods - settings.Unavailable)
            {
                Remove(old[0]);
            }
            else
            {
                await Task.Delay(Look, CancellationToken.None);
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Pods.RemoveAll(pod => pod.State == PodState.Terminating).ForEach(Remove);
        await Task.WhenAll(_removals);
    }

    private static bool IsReady(Pod pod) => pod.State == PodState.Ready;

    private void Create(PodSpec spec)
    {
        var node = _freeNodes[0];
        ImmutableInterlocked.Update(ref _freeNodes, nodes => nodes.Remove(node));
        var name = string.Create(CultureInfo.InvariantCulture, $"shop-v{spec.Version}-{++_named}");
        var pod = new Pod(name, spec, new PodNetwork(node, servers, faults), program, times);
        ImmutableInterlocked.Update(ref _pods, pods => pods.Add(pod));
    }

    private void Remove(Pod pod) => _removals.Add(RemoveAsync(pod));

    private async Task RemoveAsync(Pod pod)
    {
        await pod.DisposeAsync();
        Interlocked.Add(ref _restartsOfGone, pod.Restarts);
        ImmutableInterlocked.Update(ref _pods, pods => pods.Remove(pod));
        pod.Network.Dispose();
        ImmutableInterlocked.Update(ref _freeNodes, nodes => nodes.Add(int.Parse(pod.Network.Node["node-".Length..], null)));
    }
}

/// <summary>The number of pods, and the limits of a release.</summary>
internal sealed record ReplicaSettings(int Pods, int Surge, int Unavailable);
