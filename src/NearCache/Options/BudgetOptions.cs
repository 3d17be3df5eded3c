namespace NearCache;

/// <summary>
/// Limits of the load that NearCache puts on the ZooKeeper ensemble and on message brokers, independent of the application.
/// </summary>
public sealed class BudgetOptions
{
    /// <summary>
    /// Gets or sets the announcements per second that one process may attempt. A refused attempt counts, because the ensemble logs it.
    /// </summary>
    /// <value>Default: 5. At most 1,000.</value>
    public double AnnouncementsPerProcess { get; set; } = 5;

    /// <summary>
    /// Gets or sets the announcements per second that all processes of the namespace may attempt together. Each process takes its share by
    /// the number of members.
    /// </summary>
    /// <value>Default: 100. At most 1,000.</value>
    public double AnnouncementsPerNamespace { get; set; } = 100;

    /// <summary>
    /// Gets or sets the notifications per second, each followed by a read, that the ensemble serves for the namespace. With more members
    /// each slot is read less often.
    /// </summary>
    /// <value>Default: 5,000. At most 50,000.</value>
    public double Deliveries { get; set; } = 5_000;

    /// <summary>
    /// Gets or sets the messages with announcements per second that one process may publish to a message broker. A message carries all
    /// announcements that have gathered.
    /// </summary>
    /// <value>Default: 100. At most 1,000.</value>
    public double MessagesPerProcess { get; set; } = 100;

    /// <summary>
    /// Gets or sets the messages with announcements per second that all processes of the namespace may publish to a message broker
    /// together. Each process takes its share by the number of processes. The broker delivers every message to each of them.
    /// </summary>
    /// <value>Default: 1,000. At most 10,000.</value>
    public double MessagesPerNamespace { get; set; } = 1_000;

    internal BudgetOptions Copy() => (BudgetOptions)MemberwiseClone();
}
