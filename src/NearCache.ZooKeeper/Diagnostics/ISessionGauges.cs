namespace NearCache.ZooKeeper.Diagnostics;

/// <summary>How one client stands, asked when somebody collects, from any thread.</summary>
internal interface ISessionGauges
{
    ZooKeeperState State { get; }

    int InFlight { get; }

    int Watches { get; }
}
