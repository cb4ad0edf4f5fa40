from django.urls import path

from benchmarks.bare_api.views import BareDetail, BareList

urlpatterns = [
    path("<slug:prefix>/", BareList.as_view()),
    path("<slug:prefix>/<uuid:uuid>/", BareDetail.as_view()),
]
