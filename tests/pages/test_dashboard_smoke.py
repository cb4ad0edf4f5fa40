def test_smoke(web, client):
    a = web.get("/dashboard/"); print(a.content.decode()[-6000:])
    assert a.status_code == 200
    assert web.get("/dashboard/now/").status_code == 200
    assert web.get("/dashboard/signals/").status_code == 200
    assert web.get("/start/").status_code == 200
