namespace NearCache;

/// <summary>What NearCache may cost the ZooKeeper ensemble, whatever the application does.</summary>
public sealed class BudgetOptions
{
    /// <summary>Announcements a second that one process may try. A refused attempt counts too, since the ensemble logs it.</summary>
    /// <value>Default: 5. At most 1,000.</value>
    public double AnnouncementsPerProcess { get; set; } = 5;

    /// <summary>
    /// Announcements a second that all processes of the namespace may try together; each takes its share by the number of members.
    /// </summary>
    /// <value>Default: 100. At most 1,000.</value>
    public double AnnouncementsPerNamespace { get; set; } = 100;

    /// <summary>
    /// Notifications with their re-reads a second that the ensemble serves for the namespace. More members read each slot less often.
    /// </summary>
    /// <value>Default: 5,000. At most 50,000.</value>
    public double Deliveries { get; set; } = 5_000;

    internal BudgetOptions Copy() => (BudgetOptions)MemberwiseClone();
}
