using System.Text;
using NearCache.ZooKeeper.Protocol;

namespace NearCache.ZooKeeper.Tests.Protocol;

/// <summary>The encoding of each request, as a server of 3.8 accepts it.</summary>
public sealed class RequestBytesTests
{
    private static readonly ChrootedPath A = new("", "/a");

    private const string PathA = "00000002 2f61";

    public static TheoryData<string, string> Requests() => new()
    {
        { "create", PathA + "00000001 78 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000000" },
        { "createTtl", PathA + "ffffffff 00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65 00000005 00000000000003e8" },
        { "delete", PathA + "ffffffff" },
        { "exists", PathA + "01" },
        { "getData", PathA + "00" },
        { "setData", PathA + "00000000 00000007" },
        { "getAcl", PathA },
        { "setAcl", PathA + "00000001 00000001 00000005 776f726c64 00000006 616e796f6e65 00000002" },
        { "getChildren", PathA + "01" },
        { "sync", PathA },
        { "removeWatches", PathA + "00000002" },
        { "addWatch", PathA + "00000001" },
        { "getEphemerals", PathA },
        { "getAllChildrenNumber", PathA },
        { "whoAmI", "" },
        { "closeSession", "" },
        { "sasl", "00000002 0102" },
        {
            "multi",
            "00000002 00 ffffffff" + PathA + "00000003"
            + "0000000d 00 ffffffff" + PathA + "00000004"
            + "00000005 00 ffffffff" + PathA + "00000001 79 ffffffff"
            + "ffffffff 01 ffffffff"
        },
        { "multiRead", "00000004 00 ffffffff" + PathA + "00" + "00000008 00 ffffffff" + PathA + "00" + "ffffffff 01 ffffffff" },
        { "auth", "00000000 00000006 646967657374 00000003 753a70" },
        { "setWatches", "0000000000000009 00000001" + PathA + "00000000 00000000" },
        { "setWatches2", "0000000000000009 00000000 00000001" + PathA + "00000001" + PathA + "00000001" + PathA + "00000001" + PathA },
        { "connect", "00000000 0000000000000005 00002710 0000000000000007 00000002 0102 01" },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public void A_request_is_encoded_as_the_protocol_defines(string name, string hexadecimal)
    {
        var writer = new JuteWriter(1);
        Write(name, writer);
        Assert.Equal(hexadecimal.Replace(" ", "", StringComparison.Ordinal), Convert.ToHexStringLower(writer.Written.Span));
    }

    [Fact]
    public void A_chroot_precedes_the_path()
    {
        Assert.Equal("00000006 2f6170702f61".Replace(" ", "", StringComparison.Ordinal), Hex(new ChrootedPath("/app", "/a")));
        Assert.Equal("00000004 2f617070".Replace(" ", "", StringComparison.Ordinal), Hex(new ChrootedPath("/app", "/")));
        Assert.Equal("/", ChrootedPath.RemoveChroot("/app", "/app"));
        Assert.Equal("/a", ChrootedPath.RemoveChroot("/app", "/app/a"));
        Assert.Equal("/apple", ChrootedPath.RemoveChroot("/app", "/apple"));

        static string Hex(ChrootedPath path)
        {
            var writer = new JuteWriter();
            writer.WritePath(path);
            return Convert.ToHexStringLower(writer.Written.Span);
        }
    }

    [Fact]
    public void Ids_wrap_before_they_become_negative()
    {
        Assert.Equal(1, RequestId.Next(0));
        Assert.Equal(int.MaxValue, RequestId.Next(int.MaxValue - 1));
        Assert.Equal(1, RequestId.Next(int.MaxValue));
    }

    private static void Write(string name, JuteWriter writer)
    {
        switch (name)
        {
            case "create": new CreateRequest(A, "x"u8.ToArray(), ZNodeMode.Persistent, ZNodeAcl.OpenToAll, 0).WriteTo(writer); break;
            case "createTtl":
                new CreateRequest(A, null, ZNodeMode.PersistentWithTimeToLive, ZNodeAcl.OpenToAll, 1000)
                .WriteTo(writer); break;
            case "delete": new DeleteRequest(A, -1).WriteTo(writer); break;
            case "exists": new ExistsRequest(A, true).WriteTo(writer); break;
            case "getData": new GetDataRequest(A, false).WriteTo(writer); break;
            case "setData": new SetDataRequest(A, ReadOnlyMemory<byte>.Empty, 7).WriteTo(writer); break;
            case "getAcl": new GetAclRequest(A).WriteTo(writer); break;
            case "setAcl": new SetAclRequest(A, ZNodeAcl.ReadableByAll, 2).WriteTo(writer); break;
            case "getChildren": new GetChildrenRequest(A, true).WriteTo(writer); break;
            case "sync": new SyncRequest(A).WriteTo(writer); break;
            case "removeWatches": new RemoveWatchesRequest(A, WatchKind.Data).WriteTo(writer); break;
            case "addWatch": new AddWatchRequest(A, PersistentWatchMode.Recursive).WriteTo(writer); break;
            case "getEphemerals": new GetEphemeralsRequest(A).WriteTo(writer); break;
            case "getAllChildrenNumber": new GetAllChildrenNumberRequest(A).WriteTo(writer); break;
            case "whoAmI": default(WhoAmIRequest).WriteTo(writer); break;
            case "closeSession": default(CloseSessionRequest).WriteTo(writer); break;
            case "sasl": new SaslRequest(new byte[] { 1, 2 }).WriteTo(writer); break;
            case "multi":
                new MultiRequest(
                "",
                [MultiOperation.Delete("/a", 3), MultiOperation.Check("/a", 4), MultiOperation.SetData("/a", "y"u8.ToArray())])
                .WriteTo(writer); break;
            case "multiRead":
                new MultiReadRequest("", [MultiReadOperation.GetData("/a"), MultiReadOperation.GetChildren("/a")])
                .WriteTo(writer); break;
            case "auth": new AuthRequest("digest", Encoding.UTF8.GetBytes("u:p")).WriteTo(writer); break;
            case "setWatches": Watches(new SetWatchesRequest(9), persistent: false).WriteTo(writer); break;
            case "setWatches2": Watches(new SetWatchesRequest(9), persistent: true).WriteTo(writer); break;
            case "connect": new ConnectRequest(5, 10_000, 7, new byte[] { 1, 2 }, true).WriteTo(writer); break;
            default: throw new ArgumentException(name);
        }
    }

    private static SetWatchesRequest Watches(SetWatchesRequest request, bool persistent)
    {
        if (persistent)
        {
            request.Exists.Add("/a");
            request.Children.Add("/a");
            request.Persistent.Add("/a");
            request.Recursive.Add("/a");
        }
        else
        {
            request.Data.Add("/a");
        }

        return request;
    }
}
