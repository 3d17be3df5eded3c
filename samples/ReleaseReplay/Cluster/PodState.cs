namespace ReleaseReplay.Cluster;

/// <summary>The state of a pod, as <c>kubectl get pods</c> would show it.</summary>
internal enum PodState
{
    /// <summary>The process runs, and its startup probe has not succeeded yet.</summary>
    Starting,

    /// <summary>The process runs and is not ready.</summary>
    NotReady,

    /// <summary>The process serves.</summary>
    Ready,

    /// <summary>The pod is being removed: preStop, SIGTERM, grace time.</summary>
    Terminating,

    /// <summary>The process has ended, and waits to be started again.</summary>
    CrashLoopBackOff,
}
