using NearCache.Management.Collecting;
using NearCache.Management.Core;
using NearCache.Management.Tests.Core;

namespace NearCache.Management.Tests.Collecting;

public sealed class RecentChangesTests
{
    [Fact]
    public void Pages_leave_out_none_of_the_changes_of_one_instant()
    {
        var changes = new RecentChanges();
        changes.Add([.. Enumerable.Range(0, 100).Select(number => new Change
        {
            At = Readings.Noon.AddSeconds(number / 30),
            Kind = ChangeKind.ProcessStarted,
            Subject = $"{number}",
            Text = "",
            Page = "",
        })]);

        var seen = new List<string>();
        ChangesPage page;
        DateTimeOffset? before = null;
        do
        {
            page = changes.Before(before, 10);
            Assert.InRange(page.Changes.Count, 1, 40);
            seen.AddRange(page.Changes.Select(change => change.Subject));
            before = page.Changes[^1].At;
        }
        while (page.HasMore);

        Assert.Equal(Enumerable.Range(0, 100).Reverse().Select(number => $"{number}"), seen);
    }
}
