namespace ReleaseReplay.Cluster;

/// <summary>What a pod runs: the version, and its settings as environment variables.</summary>
internal sealed record PodSpec(int Version, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Returns a new version with further settings.</summary>
    public PodSpec Next(params (string Name, string Value)[] settings) => new(
        Version + 1, settings.Aggregate(new Dictionary<string, string>(Environment), (all, setting) =>
        {
            all[setting.Name] = setting.Value;
            return all;
        }));
}

/// <summary>The times of the cluster: those of Kubernetes' defaults, about ten times as fast.</summary>
/// <param name="patience">How many times as long everything waits that gives up: for a machine that is slow or busy.</param>
internal sealed class ClusterTimes(int patience)
{
    public static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(500);
    public static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(1);
    public static readonly TimeSpan LongestBackOff = TimeSpan.FromSeconds(15);

    /// <summary>A pod that has run so long begins its back-off anew.</summary>
    public static readonly TimeSpan BackOffReset = TimeSpan.FromSeconds(30);

    public const int LivenessFailures = 3;

    public TimeSpan ProbeTimeout { get; } = patience * TimeSpan.FromSeconds(1);

    public int StartupFailures { get; } = patience * 40;

    public TimeSpan PreStop { get; } = patience * TimeSpan.FromMilliseconds(500);

    public TimeSpan Grace { get; } = patience * TimeSpan.FromSeconds(5);

    /// <summary>Gets how long a request may take.</summary>
    public TimeSpan RequestTimeout { get; } = patience * TimeSpan.FromSeconds(5);
}
